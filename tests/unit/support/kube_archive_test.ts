/** The archive of kube-apiserver is used only if it is the published one. A stand-in for the site. */
import { assertEquals, assertRejects } from "@std/assert";
import { fromArchive, publishedSum } from "../../assets/kube_archive.ts";
import { goArch } from "../../assets/download.ts";
import { run } from "../../support/programs.ts";

const NAME = `envtest-v1.33.0-${Deno.build.os}-${goArch()}.tar.gz`;
const SUM = "0123456789abcdef".repeat(8);

function indexOf(sum: string): string {
  return `releases:
  v1.33.0:
    envtest-v1.33.0-windows-amd64.tar.gz:
      hash: ${"f".repeat(128)}
      selfLink: https://example.test/other
    ${NAME}:
      hash: ${sum}
      selfLink: https://example.test/this
`;
}

Deno.test("publishedSum() reads the sum of this archive and of no other", () => {
  assertEquals(publishedSum(indexOf(SUM), NAME), SUM);
  assertEquals(publishedSum(indexOf(SUM), "envtest-v1.33.0-plan9-amd64.tar.gz"), undefined);
  assertEquals(publishedSum(indexOf("short"), NAME), undefined);
  assertEquals(publishedSum(`${NAME}:\nother:\nthird:\n hash: ${SUM}`, NAME), undefined);
});

Deno.test("fromArchive() unpacks the published archive, and refuses another", async () => {
  const dir = await Deno.makeTempDir();
  const real = globalThis.fetch;
  try {
    await Deno.mkdir(`${dir}/in/controller-tools/envtest`, { recursive: true });
    await Deno.writeTextFile(`${dir}/in/controller-tools/envtest/kube-apiserver`, "program");
    await run(["tar", "-czf", `${dir}/it.tar.gz`, "-C", `${dir}/in`, "controller-tools"]);
    const archive = await Deno.readFile(`${dir}/it.tar.gz`);
    const digest = new Uint8Array(await crypto.subtle.digest("SHA-512", archive));
    const sum = Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
    const serve = (index: string): void => {
      globalThis.fetch = (url) =>
        Promise.resolve(new Response(String(url).endsWith(`/${NAME}`) ? archive : index));
    };
    serve(indexOf(sum));
    const folder = await fromArchive(dir);
    assertEquals(await Deno.readTextFile(`${folder}/kube-apiserver`), "program");
    serve(indexOf(SUM));
    await assertRejects(() => fromArchive(dir), Error, "as its SHA-512 must be");
    serve("releases: {}\n");
    await assertRejects(() => fromArchive(dir), Error, "has no sum of it");
  } finally {
    globalThis.fetch = real;
    await Deno.remove(dir, { recursive: true });
  }
});
