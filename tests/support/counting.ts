/**
 * A datastore that counts what is asked of it.
 *
 * @module
 */
import type { Datastore } from "../../lib/datastore/datastore.ts";

/** A datastore that counts its calls: each is one round trip. */
export class Counting implements Datastore {
  /** Since somebody set it to 0. */
  trips = 0;
  readonly #store: Datastore;

  constructor(store: Datastore) {
    this.#store = store;
  }

  read(...args: Parameters<Datastore["read"]>): ReturnType<Datastore["read"]> {
    this.trips++;
    return this.#store.read(...args);
  }

  commit(...args: Parameters<Datastore["commit"]>): ReturnType<Datastore["commit"]> {
    this.trips++;
    return this.#store.commit(...args);
  }

  [Symbol.asyncDispose](): PromiseLike<void> {
    return this.#store[Symbol.asyncDispose]();
  }
}
