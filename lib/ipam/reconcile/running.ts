/**
 * The containers that a runtime says are running.
 *
 * @module
 */

/** What a short ID is at least: `podman ps` shows as much. */
const PREFIX = /^[0-9a-f]{12,}$/;

/** Tells whether a container is one of those that run. */
export type IsRunning = (containerId: string) => boolean;

/**
 * Reads a list of containers, as `podman ps -q --no-trunc` prints it.
 *
 * @param text One ID per line; of at least twelve hex digits the beginning will do.
 * @returns Tells whether a container is one of them.
 */
export function parseRunning(text: string): IsRunning {
  const ids = text.split("\n").map((line) => line.trim()).filter((line) => line !== "");
  const whole = new Set(ids);
  const prefixes = ids.filter((id) => PREFIX.test(id));
  return (containerId) => {
    // nerdctl puts its namespace before: default-4f0c...
    const bare = containerId.slice(containerId.lastIndexOf("-") + 1);
    return whole.has(containerId) ||
      prefixes.some((prefix) => containerId.startsWith(prefix) || bare.startsWith(prefix));
  };
}
