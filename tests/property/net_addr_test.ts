import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import {
  type Addr,
  compareAddr,
  equalAddr,
  formatAddr,
  fromHex,
  parseAddr,
  toHex,
} from "../../lib/net/addr.ts";
import { runs } from "../support/runs.ts";

const ipv4 = fc.bigInt({ min: 0n, max: 0xffff_ffffn });
/** Zero groups are frequent, so that runs of them are. */
const groups = fc.array(
  fc.oneof({ weight: 2, arbitrary: fc.constant(0) }, fc.nat(0xffff), fc.nat(0xf)),
  { minLength: 8, maxLength: 8 },
).filter((list) => !isMapped(join(list)));
const ipv6 = groups.map(join);
const addr: fc.Arbitrary<Addr> = fc.oneof(
  ipv4.map((value): Addr => ({ family: 4, value })),
  ipv6.map((value): Addr => ({ family: 6, value })),
);
const nearAddr = fc.string({
  unit: fc.constantFrom(..."0123456789afAF:::...gx% /"),
  maxLength: 24,
});

function join(list: readonly number[]): bigint {
  return list.reduce((value, group) => value * 65536n + BigInt(group), 0n);
}

function isMapped(value: bigint): boolean {
  return value / 2n ** 32n === 0xffffn;
}

/** The oracle: what RFC 4291 says, by splitting; undefined where it is no address. */
function slowParse(text: string): Addr | undefined {
  const octets = text.split(".");
  if (octets.length === 4 && octets.every((octet) => /^(0|[1-9][0-9]*)$/.test(octet))) {
    if (octets.some((octet) => BigInt(octet) > 255n)) return undefined;
    return { family: 4, value: octets.reduce((value, octet) => value * 256n + BigInt(octet), 0n) };
  }
  const halves = text.split("::").map((half) => half === "" ? [] : half.split(":"));
  const all = halves.flat();
  if (halves.length > 2 || !all.every((group) => /^[0-9a-fA-F]{1,4}$/.test(group))) {
    return undefined;
  }
  if (halves.length === 1 ? all.length !== 8 : all.length > 7) return undefined;
  const [head = [], tail = []] = halves;
  const zeros = Array.from({ length: 8 - all.length }, () => "0");
  const value = join([...head, ...zeros, ...tail].map((group) => parseInt(group, 16)));
  return isMapped(value) ? undefined : { family: 6, value };
}

function tryParse(text: string): Addr | undefined {
  try {
    return parseAddr(text);
  } catch (error) {
    assert(error instanceof SyntaxError, String(error));
    return undefined;
  }
}

Deno.test("parseAddr() and formatAddr() are inverses", () => {
  fc.assert(fc.property(addr, (one) => {
    assertEquals(parseAddr(formatAddr(one)), one);
  }));
});

Deno.test("fromHex() and toHex() are inverses, also for IPv4-mapped values", () => {
  const mapped = ipv4.map((value): Addr => ({ family: 6, value: 0xffff_0000_0000n + value }));
  fc.assert(fc.property(fc.oneof(addr, mapped), (one) => {
    const hex = toHex(one);
    assertEquals(hex.length, one.family === 4 ? 8 : 32);
    assertEquals(hex, hex.toLowerCase());
    assertEquals(fromHex(hex), one);
  }));
});

Deno.test("toHex() keeps the order of addresses within a family", () => {
  fc.assert(fc.property(addr, addr, (a, b) => {
    fc.pre(a.family === b.family);
    assertEquals(toHex(a) < toHex(b), compareAddr(a, b) < 0);
  }));
});

Deno.test("compareAddr() is an order, and zero exactly where equalAddr() is true", () => {
  fc.assert(fc.property(addr, addr, addr, (a, b, c) => {
    assertEquals(compareAddr(a, b), -compareAddr(b, a) + 0);
    assertEquals(compareAddr(a, b) === 0, equalAddr(a, b));
    assertEquals(compareAddr(a, { ...a }), 0);
    if (compareAddr(a, b) <= 0 && compareAddr(b, c) <= 0) assert(compareAddr(a, c) <= 0);
  }));
});

Deno.test("parseAddr() agrees with a slow parser on text that is nearly an address", () => {
  fc.assert(
    fc.property(nearAddr, (text) => {
      assertEquals(tryParse(text), slowParse(text));
    }),
    { numRuns: runs(2000) },
  );
});

Deno.test("parseAddr() agrees with a slow parser on addresses with one change", () => {
  const change = fc.record({
    at: fc.nat(40),
    drop: fc.nat(2),
    put: fc.constantFrom("", "0", "1", ":", "::", ".", "f", "F", " ", "%", "-", "/", "x", "256"),
  });
  fc.assert(
    fc.property(addr, change, (one, { at, drop, put }) => {
      const text = formatAddr(one);
      const changed = text.slice(0, at) + put + text.slice(at + drop);
      assertEquals(tryParse(changed), slowParse(changed), changed);
    }),
    { numRuns: runs(2000) },
  );
});

Deno.test("parseAddr() reads every spelling of an IPv6 address as the same value", () => {
  const style = fc.record({
    widths: fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 8, maxLength: 8 }),
    upper: fc.boolean(),
    gap: fc.nat(7),
    length: fc.integer({ min: 1, max: 8 }),
  });
  fc.assert(fc.property(groups, style, (list, { widths, upper, gap, length }) => {
    const parts = list.map((group, i) => group.toString(16).padStart(widths[i] ?? 1, "0"));
    const zeros = list.slice(gap, gap + length);
    const text = zeros.every((group) => group === 0)
      ? `${parts.slice(0, gap).join(":")}::${parts.slice(gap + zeros.length).join(":")}`
      : parts.join(":");
    assertEquals(parseAddr(upper ? text.toUpperCase() : text), { family: 6, value: join(list) });
  }));
});

Deno.test("formatAddr() keeps the rules of RFC 5952", () => {
  fc.assert(fc.property(groups, (list) => {
    const text = formatAddr({ family: 6, value: join(list) });
    assertEquals(text, text.toLowerCase(), "section 4.3: lower case");
    const parts = text.split(/::?/).filter((part) => part !== "");
    assert(parts.every((part) => /^(0|[1-9a-f][0-9a-f]{0,3})$/.test(part)), "section 4.1: zeros");
    const runs = [...list.map((group) => group === 0 ? "0" : "x").join("").matchAll(/0{2,}/g)]
      .map((match) => ({ at: match.index, length: match[0].length }));
    const longest = Math.max(0, ...runs.map((run) => run.length));
    const shortened = runs.find((run) => run.length === longest);
    if (shortened === undefined) {
      assert(!text.includes("::"), "section 4.2.2: not for one group");
      return;
    }
    const [head = "", tail = "", ...more] = text.split("::");
    assertEquals(more, [], "section 4.2: only once");
    const before = head === "" ? 0 : head.split(":").length;
    const after = tail === "" ? 0 : tail.split(":").length;
    assertEquals(before, shortened.at, "section 4.2.3: the longest run, the first of equals");
    assertEquals(8 - before - after, shortened.length, "section 4.2.1: all of the run");
  }));
});

Deno.test("formatAddr() writes IPv6 as the URL standard does", () => {
  fc.assert(fc.property(ipv6, (value) => {
    const text = formatAddr({ family: 6, value });
    assertEquals(`[${text}]`, new URL(`http://[${text}]/`).hostname);
  }));
});

Deno.test("parseAddr() refuses every IPv4-mapped address and names the IPv4 form", () => {
  fc.assert(fc.property(ipv4, fc.boolean(), (value, dotted) => {
    const form = formatAddr({ family: 4, value });
    const text = dotted
      ? `::ffff:${form}`
      : formatAddr({ family: 6, value: 0xffff_0000_0000n + value });
    assertThrows(() => parseAddr(text), SyntaxError, `must be written as IPv4, "${form}"`);
  }));
});

Deno.test("parseAddr() throws nothing but a short SyntaxError in visible ASCII", () => {
  const any = fc.oneof(nearAddr, fc.string({ unit: "binary", maxLength: 200 }));
  fc.assert(fc.property(any, (text) => {
    fc.pre(slowParse(text) === undefined);
    const { message } = assertThrows(() => parseAddr(text), SyntaxError);
    const match = /^Cannot parse address as [ -~]+ \(position (\d+)\): current value is "/.exec(
      message,
    );
    assert(match !== null, message);
    const position = Number(match[1]);
    assert(position >= 1 && position <= text.length + 1, message);
    assert(/^[ -~]*$/.test(message) && message.length < 600, message);
  }));
});
