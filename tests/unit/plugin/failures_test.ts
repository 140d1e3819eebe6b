import { assertEquals, assertStringIncludes } from "@std/assert";
import { CniError } from "../../../lib/cni/errors.ts";
import { DatastoreError, type DatastoreFailure } from "../../../lib/datastore/datastore.ts";
import { KubeError } from "../../../lib/kube/api.ts";
import { failure } from "../../../lib/plugin/failures.ts";
import { RecordError } from "../../../lib/state/record_text.ts";

const CODES: Readonly<Record<DatastoreFailure, number>> = {
  unreachable: 11,
  ambiguous: 11,
  refused: 105,
  misconfigured: 7,
  storage: 5,
  full: 11,
};

for (const [kind, code] of Object.entries(CODES) as [DatastoreFailure, number][]) {
  Deno.test(`failure() of a datastore that is ${kind} is code ${code}`, () => {
    const error = failure(new DatastoreError(kind, "Cannot do it", { repair: "Repair it" }));
    assertEquals(error.code, code);
    assertEquals(error.details, "Cannot do it. Repair it");
  });
}

Deno.test("failure() of a Kubernetes API is true of a pod, a list and a StatefulSet", () => {
  const told = (["misconfigured", "refused", "unavailable"] as const).map((kind) => {
    const { code, message, details } = failure(new KubeError(kind, "Cannot", { repair: "Do" }));
    return [code, message, details];
  });
  assertEquals(told, [
    [7, "Cannot use the Kubernetes API as it is configured", "Cannot. Do"],
    [106, "Cannot read from the Kubernetes API as it refused", "Cannot. Do"],
    [11, "Cannot read from the Kubernetes API", "Cannot. Do"],
  ]);
});

Deno.test("failure() of a record names its key and what to do", () => {
  const error = failure(new RecordError("/k", "Cannot read it", { repair: "Look at it" }));
  assertEquals([error.code, error.details], [6, "/k: Cannot read it. Look at it"]);
});

Deno.test("failure() of a deadline is code 11", () => {
  for (const name of ["TimeoutError", "AbortError"]) {
    assertEquals(failure(new DOMException("too late", name)).code, 11);
  }
});

Deno.test("failure() keeps a CniError and turns all else into code 999 without a stack", () => {
  const known = new CniError(7, "Known");
  assertEquals(failure(known), known);
  for (const thrown of [new TypeError("what"), "text", undefined, { a: 1 }]) {
    const error = failure(thrown);
    assertEquals(error.code, 999);
    assertEquals(`${error.message} ${error.details}`.includes("    at "), false);
  }
  assertStringIncludes(failure(new TypeError("what")).details ?? "", "what");
});
