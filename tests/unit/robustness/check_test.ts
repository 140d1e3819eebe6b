import { assertEquals, assertMatch } from "@std/assert";
import { checkHistory } from "../../robustness/check/history.ts";
import type { Violation } from "../../robustness/history.ts";
import {
  attachment,
  call,
  changes,
  claimed,
  history,
  pod,
  released,
  retained,
} from "./_history.ts";

const IP = "10.9.0.20";
const OTHER = "10.9.0.21";
const FIXED = "10.9.0.200";

function kinds(violations: readonly Violation[]): readonly string[] {
  return [...new Set(violations.map(({ kind }) => kind))].sort();
}

Deno.test("checkHistory() finds nothing where an address goes from one container to the next", () => {
  const [one, two] = [attachment("c1", [IP]), attachment("c2", [IP])];
  const all = history({
    calls: [
      call("ADD", "c1", { ip: IP, startMs: 900, endMs: 1_100 }),
      call("DEL", "c1", { startMs: 1_900, endMs: 2_100 }),
      call("ADD", "c2", { ip: IP, startMs: 2_900, endMs: 3_100 }),
    ],
    changes: changes(claimed(one), released(one), claimed(two)),
    authors: [2, 3, 4].map((revision) => ({ revision, node: "n1", cluster: "a" })),
  });
  assertEquals(checkHistory(all), []);
});

Deno.test("checkHistory() finds two answers that promise one address at the same time", () => {
  const found = checkHistory(history({
    calls: [
      call("ADD", "c1", { ip: IP, endMs: 100 }),
      call("ADD", "c2", { ip: IP, endMs: 200 }),
      call("DEL", "c1", { startMs: 300, endMs: 400 }),
    ],
  }));
  assertEquals(found.filter(({ kind }) => kind === "duplicate").length, 1);
  assertMatch(found.find(({ kind }) => kind === "duplicate")?.text ?? "", /a\/c1\/eth0/);
});

Deno.test("checkHistory() lets nobody but the holder's own node end what was promised", () => {
  const calls = [
    call("ADD", "c1", { ip: IP, endMs: 100 }),
    call("DEL", "c1", { node: "n2", startMs: 150, endMs: 160 }),
    call("ADD", "c2", { ip: IP, endMs: 200 }),
  ];
  assertEquals(kinds(checkHistory(history({ calls }))).includes("duplicate"), true);
  const own = calls.map((one) => ({ ...one, node: "n1" }));
  assertEquals(kinds(checkHistory(history({ calls: own }))).includes("duplicate"), false);
});

Deno.test("checkHistory() finds an answer that was never recorded", () => {
  const found = checkHistory(history({ calls: [call("ADD", "c1", { ip: IP })] }));
  assertEquals(kinds(found), ["lost"]);
  assertMatch(found[0]?.text ?? "", /is not recorded/);
});

Deno.test("checkHistory() finds an address that was given back before anybody might", () => {
  const record = attachment("c1", [IP]);
  const found = checkHistory(history({
    calls: [
      call("ADD", "c1", { ip: IP, endMs: 1_100 }),
      call("DEL", "c1", { startMs: 5_000, endMs: 5_100 }),
    ],
    changes: changes(claimed(record), released(record)),
  }));
  assertEquals(kinds(found), ["lost"]);
  assertMatch(found[0]?.text ?? "", /given back by revision 3/);
});

Deno.test("checkHistory() lets the record of an ended pod be given back, and not that of another", () => {
  const record = attachment("c1", [IP], { pod: { namespace: "default", name: "u1", uid: "u1" } });
  const parts = {
    calls: [call("ADD", "c1", { ip: IP, endMs: 1_100, podUid: "u1" })],
    changes: changes(claimed(record), released(record)),
  };
  assertEquals(checkHistory(history({ ...parts, pods: [pod("u1", { endedMs: 1_500 })] })), []);
  assertEquals(kinds(checkHistory(history({ ...parts, pods: [pod("u1")] }))), ["lost"]);
});

Deno.test("checkHistory() finds an address that is overwritten while its holder has it", () => {
  const found = checkHistory(history({
    changes: changes(claimed(attachment("c1", [IP])), claimed(attachment("c2", [IP]))),
  }));
  assertEquals(kinds(found), ["duplicate"]);
  assertMatch(found[0]?.text ?? "", /which holds it still/);
});

Deno.test("checkHistory() lets an address go to the next sandbox and from an ended pod only", () => {
  const ref = { namespace: "default", name: "u1", uid: "u1" };
  const one = attachment("c1", [IP], { pod: ref });
  const gone = released(one).filter(({ key }) => !/addresses|pods/.test(key));
  const moved = (next: typeof one): ReturnType<typeof changes> =>
    changes(claimed(one), [...released(one).slice(1), ...claimed(next)]);
  const next = attachment("c2", [IP], { pod: ref });
  assertEquals(
    checkHistory(history({ changes: changes(claimed(one), [...gone, ...claimed(next)]) })),
    [],
  );
  const other = attachment("c2", [IP], { pod: { ...ref, name: "u2", uid: "u2" } });
  const found = checkHistory(history({ changes: moved(other), pods: [pod("u1"), pod("u2")] }));
  assertEquals(kinds(found), ["duplicate"]);
  assertMatch(found[0]?.text ?? "", /whose pod lived/);
  const ended = [pod("u1", { endedMs: 1_500 }), pod("u2")];
  assertEquals(checkHistory(history({ changes: moved(other), pods: ended })), []);
  const second = attachment("c1", [IP], { pod: ref, ifname: "net1" });
  assertEquals(
    kinds(checkHistory(history({ changes: moved(second), pods: [pod("u1")] }))),
    ["duplicate"],
  );
});

Deno.test("checkHistory() finds records that do not fit one another", () => {
  const record = attachment("c1", [IP]);
  const without = (folder: string): ReturnType<typeof changes> =>
    changes(claimed(record).filter(({ key }) => !key.includes(`/${folder}/`)));
  for (const folder of ["addresses", "attachments", "nodes"]) {
    assertEquals(kinds(checkHistory(history({ changes: without(folder) }))), ["invariant"], folder);
  }
  const named = attachment("c1", [IP], { pod: { name: "u1", uid: "u1" } });
  const podless = claimed(named).filter(({ key }) => !key.includes("/pods/"));
  assertEquals(kinds(checkHistory(history({ changes: changes(podless) }))), ["invariant"]);
});

Deno.test("checkHistory() finds an attachment that forgets an address that is held for it", () => {
  const both = changes(claimed(attachment("c1", [IP])), claimed(attachment("c1", [OTHER])));
  assertEquals(kinds(checkHistory(history({ changes: both }))), ["invariant"]);
});

Deno.test("checkHistory() finds a repeated ADD that is answered otherwise", () => {
  const found = checkHistory(history({
    calls: [
      call("ADD", "c1", { ip: IP, endMs: 100 }),
      call("ADD", "c1", { ip: OTHER, startMs: 200, endMs: 300 }),
    ],
    changes: changes(claimed(attachment("c1", [IP, OTHER]))),
  }));
  assertEquals(kinds(found), ["invariant"]);
});

Deno.test("checkHistory() finds a cluster that changes what is another one's", () => {
  const theirs = attachment("c1", [IP], { cluster: "b" });
  const parts = { changes: changes(claimed(theirs), released(theirs)) };
  const author = (cluster: string, revision: number): Parameters<typeof history>[0] => ({
    ...parts,
    authors: [{ revision, node: "n1", cluster }],
  });
  assertEquals(kinds(checkHistory(history(author("a", 2)))), ["foreign"]);
  assertEquals(kinds(checkHistory(history(author("a", 3)))), ["foreign"]);
  assertEquals(checkHistory(history(author("b", 2))), []);
  assertEquals(checkHistory(history(author("b", 3))), []);
});

Deno.test("checkHistory() finds fixed addresses that go elsewhere, in answers and in records", () => {
  const record = attachment("c1", [FIXED], { pod: { name: "u1", uid: "u1" } });
  const parts = {
    calls: [call("ADD", "c1", { ip: FIXED, wish: FIXED, podUid: "u1" })],
    changes: changes(claimed(record)),
    pods: [pod("u1", { wish: FIXED })],
  };
  assertEquals(checkHistory(history(parts)), []);
  const { wish: _, ...unasked } = call("ADD", "c1", { ip: FIXED, wish: FIXED });
  assertEquals(kinds(checkHistory(history({ ...parts, calls: [unasked] }))), ["wish"]);
  const asked = call("ADD", "c1", { ip: FIXED, wish: "10.9.0.201" });
  assertEquals(kinds(checkHistory(history({ ...parts, calls: [asked] }))), ["wish"]);
  assertEquals(kinds(checkHistory(history({ ...parts, pods: [pod("u1")] }))), ["wish"]);
});

Deno.test("checkHistory() finds a kept address that goes to another owner, and an owner that gets another one", () => {
  const owner = (name: string): { readonly namespace: string; readonly name: string } => ({
    namespace: "default",
    name,
  });
  const first = attachment("c1", [IP], { owner: owner("web-0") });
  const keeping = (until: number): ReturnType<typeof claimed> => retained(first, until);
  const claimBy = (name: string, ip: string): ReturnType<typeof claimed> =>
    claimed(attachment("c2", [ip], { owner: owner(name), since: 3_000 }));
  const after = (until: number, claim: ReturnType<typeof claimed>): readonly Violation[] =>
    checkHistory(history({ changes: changes(claimed(first), keeping(until), claim) }));
  assertEquals(after(9_000, claimBy("web-0", IP)), []);
  assertEquals(kinds(after(9_000, claimBy("web-1", IP))), ["wish"]);
  assertEquals(kinds(after(9_000, claimBy("web-0", OTHER))), ["wish"]);
  assertEquals(after(2_000, claimBy("web-1", IP)), []);
  assertEquals(after(2_000, claimBy("web-0", OTHER)), []);
});

Deno.test("checkHistory() finds answers that are none of ours", () => {
  const error = (code: number): string => JSON.stringify({ cniVersion: "1.1.0", code, msg: "No" });
  const bad: readonly Parameters<typeof call>[2][] = [
    { exit: 1, stdout: error(999) },
    { exit: 1, stdout: error(12) },
    { exit: 1, stdout: "panic" },
    { exit: 1, stdout: "" },
    { exit: 70, stdout: "" },
    { exit: undefined, stdout: "" },
    { exit: 0, stdout: "warning" },
    { exit: 0, stdout: "", stderr: "error: Uncaught" },
    { exit: 0, stdout: "", endMs: 60_000 },
    { exit: undefined, stdout: "", killed: "overdue" },
  ];
  for (const options of bad) {
    const found = checkHistory(history({ calls: [call("DEL", "c1", options)] }));
    assertEquals(kinds(found), ["answer"], JSON.stringify(options));
  }
  assertEquals(kinds(checkHistory(history({ calls: [call("ADD", "c1", { stdout: "{}" })] }))), [
    "answer",
  ]);
});

Deno.test("checkHistory() takes our errors, kills and what commands print line by line", () => {
  const stdout = JSON.stringify({ cniVersion: "1.1.0", code: 11, msg: "Try again" });
  const calls = [
    call("ADD", "c1", { exit: 1, stdout }),
    call("ADD", "c1", { exit: undefined, killed: "claim committed" }),
    call("replay", "c1", { stdout: '{"a":1}\n{"b":2}\n' }),
  ];
  assertEquals(checkHistory(history({ calls })), []);
});

Deno.test("checkHistory() takes a CHECK that misses an address for a loss", () => {
  const stdout = JSON.stringify({ cniVersion: "1.1.0", code: 104, msg: "Not as the result said" });
  const found = checkHistory(history({ calls: [call("CHECK", "c1", { exit: 1, stdout })] }));
  assertEquals(kinds(found), ["lost"]);
});
