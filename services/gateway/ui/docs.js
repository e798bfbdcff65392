// The API, drawn from its OpenAPI document.

import { byId, el, getJson, report } from "./view.js";

let schemas = {};
const resolve = (schema) => (schema?.$ref ? schemas[schema.$ref.split("/").at(-1)] ?? {} : schema ?? {});
const nameOf = (schema) => schema?.$ref?.split("/").at(-1);

function typeOf(schema) {
  if (!schema) return "";
  if (schema.$ref) return resolve(schema).enum ? resolve(schema).enum.join(" | ") : nameOf(schema);
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum) return schema.enum.join(" | ");
  const options = schema.anyOf ?? schema.oneOf;
  if (options) return options.map(typeOf).join(" or ");
  if (schema.type === "array") return `list of ${schema.items ? typeOf(schema.items) : "anything"}`;
  if (schema.additionalProperties && typeof schema.additionalProperties === "object") return `map to ${typeOf(schema.additionalProperties)}`;
  return schema.format ?? schema.type ?? "any";
}

function limits(schema) {
  const names = { minimum: "≥", maximum: "≤", exclusiveMinimum: ">", exclusiveMaximum: "<", minLength: "length ≥", maxLength: "length ≤", minItems: "items ≥", maxItems: "items ≤" };
  return Object.entries(names).filter(([key]) => schema[key] !== undefined).map(([key, sign]) => `${sign} ${schema[key]}`).join(", ");
}

function inner(schema) {
  const found = [schema, schema?.items, ...(schema?.anyOf ?? []), ...(schema?.items?.anyOf ?? [])].find((one) => one?.$ref && resolve(one).properties);
  return found ?? null;
}

function field(name, schema, required, path) {
  const notes = [typeOf(schema), required ? "required" : schema.default !== undefined && schema.default !== null ? `default ${JSON.stringify(schema.default)}` : "", limits(schema)].filter(Boolean).join(" · ");
  const nested = inner(schema);
  const deeper = nested && !path.includes(nameOf(nested)) && path.length < 3 ? fields(nested, path) : null;
  return el("li", {}, el("code", { text: name }), el("span", {}, el("span", { class: "type", text: notes }), schema.description ? el("span", {}, " — ", ...prose(schema.description)) : null), deeper);
}

function fields(schema, path = []) {
  const { properties = {}, required = [] } = resolve(schema);
  return el("ul", { class: "fields" }, ...Object.entries(properties).map(([name, one]) => field(name, one, required.includes(name), [...path, nameOf(schema)])));
}

// Text with `code` in it.
const prose = (text) => text.split("`").map((part, index) => (index % 2 ? el("code", { text: part }) : part));

function body(title, content) {
  const [kind, entry] = Object.entries(content ?? {})[0] ?? [];
  if (!entry?.schema) return null;
  const hasFields = Object.keys(resolve(entry.schema).properties ?? {}).length > 0;
  return el("div", {}, el("h3", { text: `${title} (${kind})` }), hasFields ? fields(entry.schema) : el("p", { class: "type", text: typeOf(entry.schema) }));
}

function operation(method, path, one) {
  const parameters = (one.parameters ?? []).filter((parameter) => parameter.in !== "header" || parameter.name === "last-event-id");
  const success = Object.entries(one.responses ?? {}).find(([status]) => status.startsWith("2"));
  const text = (one.description ?? one.summary ?? "").split("\n")[0];
  return el("details", { class: "operation" },
    el("summary", {}, el("span", { class: `method ${method}`, text: method.toUpperCase() }), el("span", { class: "path", text: path }), el("span", { class: "summary" }, ...prose(text))),
    el("div", { class: "inside" },
      parameters.length ? el("div", {}, el("h3", { text: "Parameters" }), el("ul", { class: "fields" },
        ...parameters.map((parameter) => field(`${parameter.name} (${parameter.in})`, { ...parameter.schema, description: parameter.description ?? parameter.schema?.description }, parameter.required, [])))) : null,
      body("Body", one.requestBody?.content),
      success ? body(`Answer ${success[0]}`, success[1].content) : null));
}

try {
  const document_ = await getJson("/openapi.json");
  schemas = document_.components?.schemas ?? {};
  const groups = new Map(document_.tags.map((tag) => [tag.name, []]));
  for (const [path, operations] of Object.entries(document_.paths)) {
    for (const [method, one] of Object.entries(operations)) groups.get(one.tags[0])?.push(operation(method, path, one));
  }
  byId("groups").replaceChildren(...[...groups].filter(([, list]) => list.length).flatMap(([name, list]) => [el("h2", { class: "group", text: name }), el("div", { class: "operations" }, ...list)]));
  if (document_["x-unavailable"]) report(new Error(`not described now: ${document_["x-unavailable"].join(", ")}`));
} catch (error) {
  report(error);
}
byId("groups").setAttribute("aria-busy", "false");
