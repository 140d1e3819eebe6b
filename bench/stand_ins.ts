/**
 * What the stand-ins are called, in every table.
 *
 * @module
 */

/** `bench/stand_ins/original.ts`. */
export const ORIGINAL = "stand-in for the original kube-ipam 0.2.0";

/** `bench/stand_ins/whereabouts.ts`. */
export const WHEREABOUTS = "stand-in for whereabouts 0.5.4 on etcd";
