/**
 * Holds one transaction on its way: before it reaches etcd, or its answer after it was applied.
 *
 * @module
 */
import type { TxnKeys } from "./txn.ts";

/** Which transaction is held, and where. */
export interface TrapOptions {
  /** Tells it by its keys. */
  readonly what: (keys: TxnKeys) => boolean;
  /** `request`: before etcd has it; `answer`: after etcd has applied it. */
  readonly side: "request" | "answer";
}

/** A transaction that is held. */
export interface Caught {
  /** The port of the process that sent it. */
  readonly port: number;
  /** Lets it go on. */
  letGo(): void;
}

/** A trap that waits. Disposed of, it ends the connection that it holds. */
export interface Trap extends Disposable {
  /** Settles when a transaction is held. */
  readonly sprung: Promise<Caught>;
}

/** The traps of one node. */
export interface Traps {
  /** Sets a trap: it holds one transaction. */
  set(options: TrapOptions): Trap;
  /**
   * Holds a transaction if a trap is set for it.
   *
   * @returns Whether it may go on.
   */
  pass(
    keys: TxnKeys,
    at: { readonly side: TrapOptions["side"]; readonly port: number },
  ): Promise<boolean>;
}

/** Makes the traps of one node. */
export function makeTraps(): Traps {
  const springs = new Map<TrapOptions, (port: number) => Promise<boolean>>();
  return {
    set: (options) => {
      const held = Promise.withResolvers<boolean>();
      const sprung = Promise.withResolvers<Caught>();
      springs.set(options, (port) => {
        sprung.resolve({ port, letGo: () => held.resolve(true) });
        return held.promise;
      });
      return {
        sprung: sprung.promise,
        [Symbol.dispose]: () => {
          springs.delete(options);
          held.resolve(false);
        },
      };
    },
    pass: async (keys, { side, port }) => {
      const found = springs.keys().find((one) => one.side === side && one.what(keys));
      const spring = found && springs.get(found);
      if (found === undefined || spring === undefined) return true;
      springs.delete(found);
      return await spring(port);
    },
  };
}

/** The transaction that records an attachment of a container. */
export function claimOf(containerId: string): TrapOptions["what"] {
  return ({ puts }) => puts.some((key) => isAttachmentOf(containerId, key));
}

/** The transaction that removes an attachment of a container, and records none. */
export function releaseOf(containerId: string): TrapOptions["what"] {
  return ({ puts, deletes }) =>
    deletes.some((key) => isAttachmentOf(containerId, key)) &&
    !puts.some((key) => key.includes("/attachments/"));
}

/** The read of an attachment of a container, before it is removed. */
export function lookAt(containerId: string): TrapOptions["what"] {
  return ({ gets }) => gets.some((key) => isAttachmentOf(containerId, key));
}

/** The first page of the survey that reconcile makes. */
export function survey({ lists }: TxnKeys): boolean {
  return lists.includes("/kube-ipam/v1/");
}

function isAttachmentOf(containerId: string, key: string): boolean {
  return key.includes("/attachments/") && key.includes(`/${containerId}/`);
}
