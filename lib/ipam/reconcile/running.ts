/**
 * The containers that a runtime says are running.
 *
 * @module
 */

/** What a short ID is at least: `podman ps` shows as much. */
const PREFIX = /^[0-9a-f]{12,}$/;

/** The line that says that nothing runs. */
const NONE = "none";

/** Tells whether a container is one of those that run. */
export type IsRunning = (containerId: string) => boolean;

/**
 * Reads a list of containers, as `podman ps -q --no-trunc` prints it.
 *
 * @param text One ID per line; of at least twelve hex digits the beginning will do.
 *   Where nothing runs, the line `none`: an empty list is what a command prints that failed.
 * @returns Tells whether a container is one of them.
 * @throws {SyntaxError} If the list is empty.
 */
export function parseRunning(text: string): IsRunning {
  const ids = text.split("\n").map((line) => line.trim()).filter((line) => line !== "");
  if (ids.length === 0) {
    throw new SyntaxError(
      `Cannot tell what runs as --running is empty, which it is too where podman ps fails: write "${NONE}" if nothing runs`,
    );
  }
  const whole = new Set(ids);
  const prefixes = ids.filter((id) => PREFIX.test(id));
  return (containerId) => {
    // nerdctl puts its namespace before: default-4f0c...
    const bare = containerId.slice(containerId.lastIndexOf("-") + 1);
    return whole.has(containerId) ||
      prefixes.some((prefix) => containerId.startsWith(prefix) || bare.startsWith(prefix));
  };
}
