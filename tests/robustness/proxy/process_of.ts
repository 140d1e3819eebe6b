/**
 * Which process has a connection, by what Linux tells.
 *
 * @module
 */

/**
 * Finds the process that connected from a loopback port.
 *
 * @param port The port of its side.
 * @param pids The processes that may have it.
 * @returns Its id; undefined where none of them has it.
 */
export async function processOf(
  port: number,
  pids: Iterable<number>,
): Promise<number | undefined> {
  const inode = inodeOf(port, await Deno.readTextFile("/proc/net/tcp"));
  if (inode === undefined) return undefined;
  for (const pid of pids) {
    if ((await socketsOf(pid)).includes(inode)) return pid;
  }
  return undefined;
}

/** Each line: number, local address, remote address, state, queues, timers, retransmits, user, timeout, inode. */
function inodeOf(port: number, table: string): string | undefined {
  const local = `0100007F:${port.toString(16).toUpperCase().padStart(4, "0")}`;
  const line = table.split("\n").map((text) => text.trim().split(/\s+/))
    .find((words) => words[1] === local);
  return line?.[9];
}

async function socketsOf(pid: number): Promise<readonly string[]> {
  const inodes: string[] = [];
  try {
    for await (const { name } of Deno.readDir(`/proc/${pid}/fd`)) {
      const target = await Deno.readLink(`/proc/${pid}/fd/${name}`).catch(() => "");
      const inode = /^socket:\[(\d+)\]$/.exec(target)?.[1];
      if (inode !== undefined) inodes.push(inode);
    }
  } catch {
    // It has ended.
  }
  return inodes;
}
