/**
 * Many may be within, or one alone.
 *
 * @module
 */

/** A gate. */
export interface Gate {
  /** Waits until nobody is alone within, and enters. */
  enter(): Promise<Disposable>;
  /** Waits until nobody is within, and enters alone. */
  enterAlone(): Promise<Disposable>;
}

/** Makes a gate. */
export function makeGate(): Gate {
  let within = 0;
  let alone: Promise<void> | undefined;
  let emptied = Promise.withResolvers<void>();
  const leave = (): void => {
    if (--within > 0) return;
    emptied.resolve();
    emptied = Promise.withResolvers();
  };
  return {
    enter: async () => {
      while (alone !== undefined) await alone;
      within++;
      return { [Symbol.dispose]: leave };
    },
    enterAlone: async () => {
      while (alone !== undefined) await alone;
      const done = Promise.withResolvers<void>();
      alone = done.promise;
      while (within > 0) await emptied.promise;
      return {
        [Symbol.dispose]: () => {
          alone = undefined;
          done.resolve();
        },
      };
    },
  };
}
