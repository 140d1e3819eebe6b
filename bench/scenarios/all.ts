/**
 * All scenarios, in the order in which they run.
 *
 * @module
 */
import type { Scenario } from "../scenario.ts";
import { distance } from "./distance.ts";
import { filling } from "./fill.ts";
import { mutualTls } from "./mutual_tls.ts";
import { startUp } from "./start_up.ts";
import { writers } from "./writers.ts";

/** A new scenario is one more of these. */
export const SCENARIOS: readonly Scenario[] = [startUp, mutualTls, distance, filling, writers];
