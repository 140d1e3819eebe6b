/**
 * Annotations that are lists: items between commas, with or without blanks around them.
 *
 * @module
 */
import { reasonOf } from "../../config/mistakes.ts";
import { type Annotation, type AnnotationReport, formatComplaint, type Item } from "./report.ts";

/** No pod needs more; a longer one costs time at each ADD. */
const MOST_ITEMS = 1024;

/** Options of {@linkcode readItems}. */
export interface ReadItemsOptions<T> {
  /** Reads one item; throws `SyntaxError` if it cannot. */
  readonly parse: (item: Item) => T;
  /** What to write, with an example. */
  readonly repair: string;
  /** Where mistakes go. */
  readonly report: AnnotationReport;
}

/**
 * Reads each item of a list.
 *
 * @param annotation The annotation; undefined where it is not set.
 * @param options How an item is read, and what to say of one that cannot be.
 * @returns Those that could be read, in the order written.
 */
export function readItems<T>(
  annotation: Annotation | undefined,
  { parse, repair, report }: ReadItemsOptions<T>,
): T[] {
  if (annotation === undefined) return [];
  const texts = annotation.value.split(",");
  if (texts.length > MOST_ITEMS) {
    const what = `Cannot read more than ${MOST_ITEMS} items: current number is ${texts.length}`;
    report.malformed.push(formatComplaint(annotation, { what, repair }));
    return [];
  }
  return texts.flatMap((text, index) => {
    const item = { of: annotation, at: index + 1, text: text.trim() };
    try {
      if (item.text === "") {
        throw new SyntaxError('Cannot read the item as it must not be empty: current value is ""');
      }
      return [parse(item)];
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      report.malformed.push(formatComplaint(item, { what: reasonOf(error), repair }));
      return [];
    }
  });
}
