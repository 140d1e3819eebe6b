/** The commit of the sources, as git tells it. */
import { assertEquals, assertMatch } from "@std/assert";
import { readSource } from "../../../deploy/source.ts";
import { findProgram } from "../../support/assets.ts";

const HAS_GIT = await findProgram("git") !== undefined;

async function git(folder: string, ...args: readonly string[]): Promise<void> {
  const identity = [
    "-c",
    "user.name=t",
    "-c",
    "user.email=t@example",
    "-c",
    "commit.gpgsign=false",
  ];
  const { success, stderr } = await new Deno.Command("git", {
    args: ["-C", folder, ...identity, ...args],
    env: { GIT_COMMITTER_DATE: "2026-01-02T03:04:05Z" },
  }).output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
}

Deno.test({
  name: "readSource() tells the commit, its time, and whether a file was changed",
  ignore: !HAS_GIT,
  fn: async () => {
    const folder = await Deno.makeTempDir({ prefix: "kube-ipam-source-" });
    try {
      assertEquals((await readSource(folder)).commit, "unknown");
      await Deno.writeTextFile(`${folder}/a`, "1");
      await git(folder, "init", "-q");
      await git(folder, "add", "a");
      await git(folder, "commit", "-q", "-m", "one");
      const clean = await readSource(folder);
      assertMatch(clean.commit, /^[0-9a-f]{12}$/);
      assertEquals(clean.date, new Date("2026-01-02T03:04:05Z"));
      // A file that nobody added is no part of the sources.
      await Deno.writeTextFile(`${folder}/b`, "2");
      assertEquals((await readSource(folder)).commit, clean.commit);
      await Deno.writeTextFile(`${folder}/a`, "2");
      assertEquals((await readSource(folder)).commit, `${clean.commit}-dirty`);
      // Unpacked below another repository, its commit says nothing of these sources.
      await Deno.mkdir(`${folder}/below`);
      assertEquals(await readSource(`${folder}/below`), {
        commit: "unknown",
        date: new Date("1980-01-01T00:00:00Z"),
      });
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});
