/**
 * How often a property is tried.
 *
 * `KUBE_IPAM_PROPERTY_RUNS` multiplies every number of runs under `tests/property`: 1 by default, so that the check before a commit
 * stays short; `KUBE_IPAM_PROPERTY_RUNS=50 deno task test tests/property` looks for what is rare. Fractions are allowed.
 *
 * @module
 */

/**
 * The number of runs of a property.
 *
 * @param usual How many there are without the variable.
 * @returns That many times the variable, at least one.
 */
export function runs(usual: number): number {
  const factor = Number(Deno.env.get("KUBE_IPAM_PROPERTY_RUNS") || "1");
  if (!(factor > 0)) {
    throw new RangeError(
      `Cannot multiply runs as KUBE_IPAM_PROPERTY_RUNS must be above 0: current value is ${factor}`,
    );
  }
  return Math.max(1, Math.round(usual * factor));
}
