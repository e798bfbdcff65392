// A study as a file for any reader of YAML: words such as `yes` and `no` are booleans to those of YAML 1.1, which are many.

import { Document, visit } from "yaml";

/** What some reader takes for a sign of its own, or for the end of a line, unless it is quoted. */
const ODD = /^=$|[\t\u0085\u2028\u2029]/;
const LINE_ENDS = /[\u0085\u2028\u2029]/g;

export function yamlOf(study: unknown): string {
  const file = new Document(study, { compat: "yaml-1.1" });
  visit(file, {
    Scalar: (_, scalar) => {
      if (typeof scalar.value === "string" && ODD.test(scalar.value)) scalar.type = "QUOTE_DOUBLE";
    },
  });
  return file.toString().replace(LINE_ENDS, (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, "0")}`);
}
