/**
 * The least a compiled program can be: what everything else is compared with.
 *
 * @module
 */
export {};
