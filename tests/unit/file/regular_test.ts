import { assertEquals, assertThrows } from "@std/assert";
import { IrregularFileError, nameOfUnreadable, readRegular } from "../../../lib/file/regular.ts";

Deno.test("readRegular() reads a file and a link to one", async () => {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(`${folder}/a`, "text");
    await Deno.symlink(`${folder}/a`, `${folder}/b`);
    assertEquals([readRegular(`${folder}/a`), readRegular(`${folder}/b`)], ["text", "text"]);
    assertThrows(() => readRegular(folder), IrregularFileError, "directory");
    assertThrows(() => readRegular(`${folder}/none`), Deno.errors.NotFound);
    await Deno.truncate(`${folder}/a`, 8 * 1024 * 1024 + 1);
    assertThrows(() => readRegular(`${folder}/a`), IrregularFileError, "8 MiB");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("readRegular() does not wait for a pipe, and does not begin with what never ends", async () => {
  const folder = await Deno.makeTempDir();
  try {
    await new Deno.Command("mkfifo", { args: [`${folder}/pipe`] }).output();
    for (const path of [`${folder}/pipe`, "/dev/zero"]) {
      const error = assertThrows(() => readRegular(path), IrregularFileError);
      assertEquals(nameOfUnreadable(error), "no regular file");
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
