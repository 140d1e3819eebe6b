/**
 * Whatever is wrong outside ends in a CNI error with advice: no stack trace, nothing half-written, within the deadline.
 *
 * @module
 */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { assertRefused, callFor, entriesIn, type Json } from "../support/answers.ts";
import {
  makeSandbox,
  type PluginAnswer,
  type PluginCall,
  pluginCommand,
  type Sandbox,
} from "../support/plugin.ts";

interface BadInput {
  readonly name: string;
  readonly code: number;
  /** What msg or details must say. */
  readonly advice: RegExp;
  readonly call?: Partial<PluginCall>;
  /** The netconf as a text, or what is merged into it. */
  readonly text?: string;
  readonly ipam?: Json;
  readonly top?: Json;
}

const BAD: readonly BadInput[] = [
  { name: "empty stdin", code: 6, advice: /JSON|empty/, text: "" },
  { name: "10 MB of stdin", code: 6, advice: /more than 8388608 bytes/, text: " ".repeat(10e6) },
  { name: "a NUL in stdin", code: 6, advice: /line 1, column 1/, text: "\0" },
  { name: "100 000 brackets", code: 6, advice: /./, text: "[".repeat(100_000) },
  { name: "a list for a netconf", code: 6, advice: /must be an object/, text: "[{}]" },
  {
    name: "a list for ipam",
    code: 7,
    advice: /ipam: is not an object/,
    text: '{"cniVersion":"1.0.0","name":"net","ipam":[]}',
  },
  { name: "ranges that are no lists", code: 7, advice: /a list/, ipam: { ranges: { subnet: "" } } },
  { name: "a number for a subnet", code: 7, advice: /ipam\.subnet/, ipam: { subnet: 10 } },
  {
    name: "an unknown cniVersion",
    code: 1,
    advice: /current value is "9\.9\.9"/,
    top: { cniVersion: "9.9.9" },
  },
  {
    name: "no CNI_CONTAINERID and CNI_NETNS",
    code: 4,
    advice: /CNI_CONTAINERID, CNI_NETNS/,
    call: { containerId: undefined, netns: undefined },
  },
  { name: "an empty CNI_IFNAME", code: 4, advice: /CNI_IFNAME/, call: { ifName: "" } },
  {
    name: "an interface name of 16 bytes",
    code: 4,
    advice: /at most 15 bytes/,
    call: { ifName: "0123456789abcdef" },
  },
  {
    name: "a container ID with a slash",
    code: 4,
    advice: /CNI_CONTAINERID.*current value is "a\/b"/s,
    call: { containerId: "a/b" },
  },
  { name: "no range", code: 7, advice: /Write "subnet"/, ipam: { subnet: undefined, ranges: [] } },
  { name: "an empty set", code: 7, advice: /ipam\.ranges\[0\]/, ipam: { ranges: [[]] } },
  {
    name: "all of IPv4",
    code: 7,
    advice: /prefix length of 8 or more/,
    ipam: { subnet: "0.0.0.0/0" },
  },
  ...[
    ["a scheme that is misspelt", "htps://10.0.0.1:2379", /http:\/\/ or https:\/\//],
    ["one slash too few", "http:/10.0.0.1:2379", /etcdURL/],
    ["a path", "https://10.0.0.1:2379/v3", /more than scheme, host and port/],
    ["a password", "https://u:p@10.0.0.1:2379", /etcdPasswordFile/],
    ["nothing", "", /etcdURL: is empty/],
  ].map(([name, etcdURL, advice]) => ({
    name: `an etcdURL with ${name}`,
    code: 7,
    advice: advice instanceof RegExp ? advice : /./,
    ipam: { etcdConfig: { etcdURL } },
  })),
  {
    name: "a data directory below a file",
    code: 5,
    advice: /Make it a directory that the plugin may read and write/,
    ipam: { dataDir: "FILE/data" },
  },
  {
    name: "a data directory that the plugin may not write",
    code: 5,
    advice: /Make it a directory that the plugin may read and write/,
    ipam: { dataDir: "/proc/kube-ipam" },
  },
];

for (const { name, code, advice, call = {}, text, ipam = {}, top = {} } of BAD) {
  Deno.test(`${name} is refused with ${code}`, async () => {
    await using sandbox = await makeSandbox();
    await Deno.writeTextFile(`${sandbox.root}/file`, "");
    const dataDir = String(ipam.dataDir ?? sandbox.dataDir).replace("FILE", `${sandbox.root}/file`);
    const netconf = text ?? sandbox.netconf({ ...ipam, dataDir }, top);
    const answer = await sandbox.call({ ...callFor("ADD", "c1", { netconf }), ...call });
    const { msg, details } = assertRefused(answer, code);
    assertMatch(`${msg}: ${details}`, advice);
    assert(msg.length + details.length < 2_000, "a message for people");
    assertEquals(await entriesIn(sandbox), []);
  });
}

/** Calls ADD with a stdin that comes in pieces, and stays open until the answer unless it is closed. */
async function addByPieces(
  sandbox: Sandbox,
  options: { readonly pieces: readonly string[]; readonly isClosed: boolean },
): Promise<PluginAnswer> {
  const { pieces, isClosed } = options;
  const [program = "", ...args] = await pluginCommand(sandbox.root);
  const process = new Deno.Command(program, {
    args,
    env: {
      CNI_COMMAND: "ADD",
      CNI_CONTAINERID: "c1",
      CNI_NETNS: "/run/netns/blue",
      CNI_IFNAME: "eth0",
    },
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writer = process.stdin.getWriter();
  for (const piece of pieces) await writer.write(new TextEncoder().encode(piece));
  if (isClosed) await writer.close();
  const { code, stdout, stderr } = await process.output();
  if (!isClosed) await writer.close().catch(() => {});
  const decoder = new TextDecoder();
  const output = decoder.decode(stdout);
  return { code, stdout: output, stderr: decoder.decode(stderr), json: JSON.parse(output) };
}

Deno.test("half a netconf on a stdin that is never closed is refused with 5 at the deadline", async () => {
  await using sandbox = await makeSandbox();
  const text = JSON.stringify(sandbox.netconf());
  const answer = await addByPieces(sandbox, {
    pieces: [text.slice(0, -1)],
    isClosed: false,
  });
  assertStringIncludes(assertRefused(answer, 5).details, "not closed");
});

Deno.test("a whole netconf is served although stdin is not closed", async () => {
  await using sandbox = await makeSandbox();
  const answer = await addByPieces(sandbox, {
    pieces: [`${JSON.stringify(sandbox.netconf())}\n`],
    isClosed: false,
  });
  assertEquals(answer.code, 0, answer.stdout);
});

Deno.test("a long netconf in thousands of pieces that each look like its end is served", async () => {
  await using sandbox = await makeSandbox();
  const attachments = Array.from({ length: 90_000 }, (_, index) => ({
    containerID: `container-${index}`,
    ifname: "eth0",
  }));
  const whole = JSON.stringify(sandbox.netconf({}, { "cni.dev/valid-attachments": attachments }));
  // Each begins with the comma of the one before, so that it ends as the whole does.
  const pieces = whole.split(/(?=,\{"containerID":"container-\d*[05]")/);
  const answer = await addByPieces(sandbox, { pieces, isClosed: true });
  assertEquals(answer.code, 0, answer.stdout);
});
