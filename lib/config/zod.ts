/**
 * `zod/mini` without its compiler: it would turn each shape into generated code, which pays after thousands of parses. A call parses a few
 * times and ends.
 *
 * @module
 */
import { config } from "zod/mini";

config({ jitless: true });

export * from "zod/mini";
