/**
 * Names of Kubernetes.
 *
 * @module
 */

const NAME = /^[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?$/;

/** Tells whether a text may name a namespace or a pod; nothing else may become a part of a path. */
export function isName(text: string): boolean {
  return NAME.test(text);
}
