/**
 * What kube-ipam knows of a pod: nothing that it does not use.
 *
 * @module
 */

/** A pod, as far as it is looked at. Neither its containers nor their environment are kept. */
export interface Pod {
  /** Its namespace. */
  readonly namespace: string;
  /** Its name. */
  readonly name: string;
  /** Its UID. */
  readonly uid: string;
  /** `Pending`, `Running`, `Succeeded`, `Failed`, `Unknown`; empty when the API does not say. */
  readonly phase: string;
  /** When its grace period ends, in milliseconds since the epoch; undefined while nobody deletes it. */
  readonly deletionMs: number | undefined;
  /** Those annotations that kube-ipam reads, and no others. */
  readonly annotations: Readonly<Record<string, string>>;
  /** The reference of its controller. */
  readonly controller: Controller | undefined;
  /** The label `pod-template-hash`, which a Deployment gives. */
  readonly templateHash: string | undefined;
  /** `spec.serviceAccountName`; empty when it has none. */
  readonly serviceAccount: string;
  /** `spec.nodeName`; empty before it is scheduled. */
  readonly nodeName: string;
}

/** The owner reference that controls a pod. */
export interface Controller {
  /** Such as `apps/v1`. */
  readonly apiVersion: string;
  /** Such as `StatefulSet`. */
  readonly kind: string;
  /** Its name. */
  readonly name: string;
  /** Its UID. */
  readonly uid: string;
}
