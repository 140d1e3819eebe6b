/** Which addresses are granted: at random, by name, and how long they stay. */
import { assertEquals, assertStringIncludes } from "@std/assert";
import fc from "fast-check";
import { hasValue } from "../../../lib/net/interval.ts";
import { load, loadIpam, mistakesOf, pathsOf, showRanges } from "./_load.ts";

Deno.test("loadConfig() takes a range of fixed addresses alone, with a warning", () => {
  const config = loadIpam({
    subnet: "10.1.0.0/24",
    fixedStart: "10.1.0.2",
    fixedEnd: "10.1.0.254",
  });
  assertEquals(showRanges(config), ["ipam  | 10.1.0.2-10.1.0.254"]);
  assertStringIncludes(config.warnings.join(), "all of 10.1.0.2-10.1.0.254 is fixed");
});

Deno.test("loadConfig() warns of a fixed range of which nothing may be granted", () => {
  const config = loadIpam({
    ranges: [[{ subnet: "10.1.0.0/24", fixedStart: "10.1.0.0", fixedEnd: "10.1.0.1" }]],
  });
  assertEquals(config.warnings, [
    "ipam.ranges[0][0].fixedStart: nothing is left of 10.1.0.0-10.1.0.1 without the gateway, the " +
    "network and broadcast address, and what is excluded: No pod can ask for an address of it",
  ]);
});

Deno.test("loadConfig() finds a wished address in the range that names it", () => {
  const config = load({
    args: { cni: { ips: ["10.1.0.100"] } },
    ipam: {
      subnet: "10.1.0.0/24",
      rangeEnd: "10.1.0.9",
      ranges: [[{
        subnet: "10.1.0.0/24",
        rangeStart: "10.1.0.10",
        rangeEnd: "10.1.0.19",
        fixedStart: "10.1.0.100",
        fixedEnd: "10.1.0.109",
      }]],
    },
  });
  assertEquals(config.wishes.map(({ set, range }) => [set, range]), [[1, 0]]);
});

Deno.test("loadConfig() never grants gateway, network, broadcast and excluded addresses", () => {
  const octet = fc.integer({ min: 0, max: 63 });
  fc.assert(fc.property(
    fc.record({
      start: octet,
      end: octet,
      gateway: octet,
      fixedStart: octet,
      fixedEnd: octet,
      out: octet,
    }),
    ({ start, end, gateway, fixedStart, fixedEnd, out }) => {
      const at = (value: number): string => `10.0.0.${value}`;
      let config;
      try {
        config = loadIpam({
          subnet: "10.0.0.0/26",
          rangeStart: at(start),
          rangeEnd: at(end),
          gateway: at(gateway),
          exclude: [at(out)],
          ...(fixedStart <= fixedEnd ? { fixedStart: at(fixedStart), fixedEnd: at(fixedEnd) } : {}),
        });
      } catch {
        return;
      }
      const range = config.sets[0]?.ranges[0];
      const has = (list: "random" | "fixed", value: number): boolean =>
        range?.[list].some(({ first, last }) => {
          const address = 0x0a000000n + BigInt(value);
          return first <= address && address <= last;
        }) ?? false;
      for (let value = 0; value < 64; value++) {
        const never = value === 0 || value === 63 || value === gateway || value === out;
        const inWindow = start <= value && value <= end;
        const given = fixedStart <= fixedEnd;
        const inFixed = given ? fixedStart <= value && value <= fixedEnd : !inWindow;
        assertEquals(has("fixed", value), inFixed && !never, `fixed ${value}`);
        assertEquals(
          has("random", value),
          inWindow && !never && !(given && inFixed),
          `random ${value}`,
        );
      }
    },
  ));
});

Deno.test("loadConfig() agrees with a slow oracle on two ranges of one subnet", () => {
  const octet = fc.integer({ min: 0, max: 31 });
  const pair = fc.tuple(octet, octet).map(([a, b]) => a < b ? [a, b] as const : [b, a] as const);
  const range = fc.record({ window: pair, fixed: fc.option(pair, { nil: undefined }) });
  const at = (value: number): string => `10.0.0.${value}`;
  fc.assert(fc.property(range, range, octet, (first, second, out) => {
    const raws = [first, second].map(({ window, fixed }) => ({
      subnet: "10.0.0.0/27",
      rangeStart: at(window[0]),
      rangeEnd: at(window[1]),
      ...(fixed === undefined ? {} : { fixedStart: at(fixed[0]), fixedEnd: at(fixed[1]) }),
    }));
    let config;
    try {
      config = loadIpam({ ranges: [raws], exclude: [at(out)] });
    } catch {
      return; // the ranges overlap, or nothing is left of one
    }
    const isIn = (ends: readonly [number, number] | undefined, value: number): boolean =>
      ends !== undefined && ends[0] <= value && value <= ends[1];
    [first, second].forEach((mine, index) => {
      const other = index === 0 ? second : first;
      const read = config.sets[0]?.ranges[index];
      for (let value = 0; value < 32; value++) {
        const never = [0, 1, 31, out].includes(value);
        const isNamed = isIn(mine.fixed, value) || isIn(other.fixed, value);
        const isRandom = isIn(mine.window, value) && !isNamed;
        const isFixed = mine.fixed === undefined
          ? !isNamed && !isIn(mine.window, value) && !isIn(other.window, value)
          : isIn(mine.fixed, value);
        const address = 0x0a000000n + BigInt(value);
        assertEquals(hasValue(read?.random ?? [], address), isRandom && !never, `random ${value}`);
        assertEquals(hasValue(read?.fixed ?? [], address), isFixed && !never, `fixed ${value}`);
      }
    });
  }));
});

Deno.test("loadConfig() takes retain of the range, else of ipam, else none", () => {
  const retains = (netconf: Readonly<Record<string, unknown>>): readonly unknown[] =>
    load(netconf).sets.flatMap(({ ranges }) => ranges.map(({ retain }) => retain));
  const [a, b] = [{ subnet: "10.1.0.0/24" }, { subnet: "10.2.0.0/24" }];
  assertEquals(retains({ ipam: a }), ["none"]);
  assertEquals(retains({ ipam: { ...a, retain: "" } }), ["none"]);
  assertEquals(retains({ ipam: { ...a, retain: "7d" } }), [604_800_000]);
  assertEquals(retains({ ipam: { ...a, retain: "0s" } }), ["none"]);
  assertEquals(retains({ ipam: { ranges: [[{ ...a, retain: "forever" }, b]] } }), [
    "forever",
    "none",
  ]);
  assertEquals(
    retains({
      runtimeConfig: { ipRanges: [[{ subnet: "10.3.0.0/24" }]] },
      ipam: { ...a, retain: "owner", ranges: [[{ ...b, retain: "none" }]] },
    }),
    ["owner", "owner", "none"],
  );
});

Deno.test("loadConfig() tells a wrong retain once, with its path, and forgives it for DEL", () => {
  const subnet = "10.1.0.0/24";
  const lines = mistakesOf(() => loadIpam({ subnet, retain: "Forever" }));
  assertEquals(lines.slice(1), [
    'ipam.retain: Cannot read a rule as it must be "none", "forever", "owner" or a duration such as ' +
    '"7d": current value is "Forever": Did you mean "forever"?',
  ]);
  const other = { subnet: "10.2.0.0/24", retain: "7 days" };
  const ranges = [[{ subnet, retain: 7 }, other]];
  assertEquals(pathsOf({ retain: "ever", ranges }), [
    "ipam.ranges[0][0].retain",
    "ipam.retain",
    "ipam.ranges[0][1].retain",
  ]);
  const config = loadIpam({ retain: "owner", ranges }, { command: "DEL" });
  assertEquals(config.sets[0]?.ranges.map(({ retain }) => retain), ["owner", "owner"]);
  assertEquals(config.warnings.length, 2);
});
