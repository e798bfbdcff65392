// The OpenAPI document read into what a page shows: operations with their fields. References are followed, loops are cut.

export interface JsonSchema {
  $ref?: string;
  type?: string;
  format?: string;
  const?: unknown;
  enum?: unknown[];
  default?: unknown;
  description?: string;
  items?: JsonSchema;
  anyOf?: JsonSchema[];
  oneOf?: JsonSchema[];
  properties?: Record<string, JsonSchema>;
  required?: string[];
  additionalProperties?: JsonSchema | boolean;
  [limit: string]: unknown;
}

interface Parameter {
  name: string;
  in: string;
  required?: boolean;
  description?: string;
  schema?: JsonSchema;
}

type Content = Record<string, { schema?: JsonSchema }>;

interface RawOperation {
  tags?: string[];
  summary?: string;
  description?: string;
  parameters?: Parameter[];
  requestBody?: { content?: Content };
  responses?: Record<string, { content?: Content }>;
}

export interface Document {
  tags?: { name: string }[];
  paths: Record<string, Record<string, RawOperation>>;
  components?: { schemas?: Record<string, JsonSchema> };
  "x-unavailable"?: string[];
}

export interface Operation {
  id: string;
  tag: string;
  method: string;
  path: string;
  about: string;
  parameters: Parameter[];
  body: JsonSchema | null;
  answer: { status: string; schema: JsonSchema | null } | null;
}

export interface Field {
  name: string;
  type: string;
  isRequired: boolean;
  about: string;
  inner: Field[];
}

const LIMITS = {
  minimum: "≥",
  maximum: "≤",
  exclusiveMinimum: ">",
  exclusiveMaximum: "<",
  minLength: "length ≥",
  maxLength: "length ≤",
};

export function operationsOf(document: Document): Operation[] {
  return Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, raw]) => operation(method.toUpperCase(), path, raw)),
  );
}

function operation(method: string, path: string, raw: RawOperation): Operation {
  const success = Object.entries(raw.responses ?? {}).find(([status]) => status.startsWith("2"));
  return {
    id: `${method} ${path}`,
    tag: raw.tags?.[0] ?? "",
    method,
    path,
    about: (raw.description ?? raw.summary ?? "").split("\n")[0] ?? "",
    parameters: (raw.parameters ?? []).filter((one) => one.in !== "header" || one.name === "last-event-id"),
    body: first(raw.requestBody?.content),
    answer: success ? { status: success[0], schema: first(success[1].content) } : null,
  };
}

const first = (content: Content | undefined): JsonSchema | null => Object.values(content ?? {})[0]?.schema ?? null;

export class Schemas {
  private readonly known: Record<string, JsonSchema>;

  constructor(document: Document) {
    this.known = document.components?.schemas ?? {};
  }

  resolve(schema: JsonSchema | null | undefined): JsonSchema {
    return schema?.$ref ? (this.known[nameOf(schema)] ?? {}) : (schema ?? {});
  }

  typeOf(schema: JsonSchema | undefined): string {
    if (!schema) return "";
    if (schema.$ref) return this.resolve(schema).enum?.join(" | ") ?? nameOf(schema);
    if (schema.const !== undefined) return JSON.stringify(schema.const);
    if (schema.enum) return schema.enum.join(" | ");
    const options = schema.anyOf ?? schema.oneOf;
    if (options) return options.map((one) => this.typeOf(one)).join(" or ");
    if (schema.type === "array") return `list of ${schema.items ? this.typeOf(schema.items) : "anything"}`;
    if (typeof schema.additionalProperties === "object") return `map to ${this.typeOf(schema.additionalProperties)}`;
    const limits = Object.entries(LIMITS).flatMap(([name, sign]) =>
      schema[name] === undefined ? [] : [`${sign} ${schema[name]}`],
    );
    return [schema.format ?? schema.type ?? "any", ...limits].join(", ");
  }

  fields(schema: JsonSchema | null | undefined, seen: string[] = []): Field[] {
    const { properties = {}, required = [] } = this.resolve(schema);
    const within = [...seen, nameOf(schema)];
    return Object.entries(properties).map(([name, one]) => {
      const deeper = this.inner(one);
      const isLoop = deeper === null || within.includes(nameOf(deeper)) || within.length > 3;
      return {
        name,
        type: this.typeOf(one),
        isRequired: required.includes(name),
        about: one.description ?? "",
        inner: isLoop ? [] : this.fields(deeper, within),
      };
    });
  }

  private inner(schema: JsonSchema): JsonSchema | null {
    const candidates = [schema, schema.items, ...(schema.anyOf ?? []), ...(schema.items?.anyOf ?? [])];
    return candidates.find((one) => one?.$ref && this.resolve(one).properties) ?? null;
  }

  /** A body to begin with: what is required, with empty values. */
  example(schema: JsonSchema | null): unknown {
    const { properties = {}, required = [] } = this.resolve(schema);
    return Object.fromEntries(required.map((name) => [name, this.blank(properties[name])]));
  }

  private blank(schema: JsonSchema | undefined): unknown {
    const one = this.resolve(schema);
    if (one.default !== undefined) return one.default;
    if (one.enum) return one.enum[0];
    if (one.type === "array") return [];
    if (one.type === "integer" || one.type === "number") return one.minimum ?? 0;
    if (one.type === "boolean") return false;
    return one.type === "string" ? "" : this.example(one);
  }
}

const nameOf = (schema: JsonSchema | null | undefined): string => schema?.$ref?.split("/").at(-1) ?? "";
