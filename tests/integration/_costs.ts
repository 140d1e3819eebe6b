/**
 * What calls cost on the wire.
 *
 * @module
 */

/** What one call cost, HTTP heads included, and what it said. */
export interface Cost {
  readonly trips: number;
  readonly bytes: number;
  /** What ADD granted. */
  readonly ips: readonly string[];
}

/** The costs of several calls. */
export class Costs {
  readonly #all: Cost[] = [];

  /** Adds one. */
  add(cost: Cost): void {
    this.#all.push(cost);
  }

  /** The mean number of round trips. */
  get trips(): number {
    return this.#all.reduce((sum, { trips }) => sum + trips, 0) / this.#all.length;
  }

  /** The mean number of bytes. */
  get bytes(): number {
    return this.#all.reduce((sum, { bytes }) => sum + bytes, 0) / this.#all.length;
  }

  /** The most round trips. */
  get mostTrips(): number {
    return Math.max(...this.#all.map(({ trips }) => trips));
  }

  /** All addresses, in the order they were granted. */
  get ips(): readonly string[] {
    return this.#all.flatMap(({ ips }) => ips);
  }

  /** The most bytes of the calls that made so many trips at most. */
  mostBytes(trips = Infinity): number {
    return Math.max(...this.#all.filter((cost) => cost.trips <= trips).map(({ bytes }) => bytes));
  }
}
