import { assertEquals } from "@std/assert";
import { parseResolvConf } from "../../../lib/cni/resolv_conf.ts";

Deno.test("parseResolvConf() reads one name server", () => {
  assertEquals(parseResolvConf("nameserver 192.0.2.0"), { nameservers: ["192.0.2.0"] });
});

Deno.test("parseResolvConf() skips comments, empty lines and what it does not know", () => {
  const text = "# nameserver 192.0.2.1\n;nameserver 192.0.2.2\n\n  # search a\n" +
    "; options b\nsortlist 192.0.2.0\nnameserver\nNAMESERVER 192.0.2.3\nnameserver 192.0.2.4\n";
  assertEquals(parseResolvConf(text), { nameservers: ["192.0.2.4"] });
});

Deno.test("parseResolvConf() reads all four keywords, in order", () => {
  const text = "nameserver 192.0.2.0\r\nnameserver 2001:db8::53\r\ndomain example.com\r\n" +
    "search  example.net\texample.org \r\noptions ndots:2 rotate\r\noptions edns0\r\n";
  assertEquals(parseResolvConf(text), {
    nameservers: ["192.0.2.0", "2001:db8::53"],
    domain: "example.com",
    search: ["example.net", "example.org"],
    options: ["ndots:2", "rotate", "edns0"],
  });
});

Deno.test("parseResolvConf() lets the last domain and the last search win", () => {
  assertEquals(parseResolvConf("domain a\nsearch b c\ndomain d\nsearch e"), {
    domain: "d",
    search: ["e"],
  });
});

Deno.test("parseResolvConf() states nothing for an empty file", () => {
  assertEquals(parseResolvConf(""), {});
});
