"use strict";

const element = (name, attributes = {}, ...children) => {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
};

const nameOf = (reference) => reference.slice(reference.lastIndexOf("/") + 1);
const link = (name) => element("a", { href: "#schema-" + name }, name);

const kindOf = (schema) => {
  if (!schema) return "";
  if (schema.$ref) return link(nameOf(schema.$ref));
  const choices = schema.anyOf || schema.oneOf;
  if (choices) {
    const span = element("span");
    choices.forEach((choice, place) => span.append(place ? " or " : "", kindOf(choice)));
    return span;
  }
  if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join(" | ");
  if (schema.type === "array") return element("span", {}, "list of ", kindOf(schema.items));
  const rules = [];
  if (schema.format) rules.push(schema.format);
  if (schema.pattern) rules.push("pattern " + schema.pattern);
  for (const rule of ["minimum", "maximum", "minLength", "maxLength", "minItems", "maxItems"]) {
    if (rule in schema) rules.push(rule + " " + schema[rule]);
  }
  return (schema.type || "any") + (rules.length ? " (" + rules.join(", ") + ")" : "");
};

const table = (heads, rows) =>
  element("table", {},
    element("thead", {}, element("tr", {}, ...heads.map((head) => element("th", {}, head)))),
    element("tbody", {}, ...rows.map((cells) => element("tr", {}, ...cells.map((cell) => element("td", {}, cell ?? ""))))));

const parametersOf = (operation) => {
  if (!operation.parameters.length) return null;
  return table(["parameter", "in", "kind", "meaning"], operation.parameters.map((parameter) => [
    element("code", {}, parameter.name + (parameter.required ? " *" : "")),
    parameter.in, kindOf(parameter.schema), parameter.description,
  ]));
};

const contentOf = (content) => {
  const span = element("span");
  Object.entries(content || {}).forEach(([type, body], place) => {
    span.append(place ? "\n" : "", element("code", {}, type), " ", kindOf(body.schema));
  });
  return span;
};

const article = (path, method, operation) => element("article", { id: operation.operationId },
  element("h3", {}, element("span", { class: "method" }, method.toUpperCase()), element("code", {}, path)),
  element("p", {}, operation.summary),
  operation.description ? element("p", {}, operation.description) : null,
  element("p", { class: "quiet" }, operation.security.length
    ? "Scope: " + operation.security.flatMap((one) => Object.values(one)).flat().join(", ") : "No token needed."),
  parametersOf(operation),
  operation.requestBody ? element("p", {}, "Body: ", contentOf(operation.requestBody.content)) : null,
  table(["status", "content", "meaning"], Object.entries(operation.responses).map(([status, response]) => [
    element("code", {}, status), contentOf(response.content), response.description,
  ])));

const schemaArticle = (name, schema) => {
  const required = new Set(schema.required || []);
  return element("article", { id: "schema-" + name },
    element("h3", {}, name),
    schema.description ? element("p", {}, schema.description) : null,
    schema.properties
      ? table(["field", "kind", "meaning"], Object.entries(schema.properties).map(([field, rule]) => [
        element("code", {}, field + (required.has(field) ? " *" : "")), kindOf(rule), rule.description,
      ]))
      : element("p", {}, kindOf(schema)));
};

const show = (api) => {
  document.title = api.info.title + ": API";
  document.getElementById("title").textContent = api.info.title + " " + api.info.version;
  document.getElementById("description").textContent = api.info.description;
  const main = document.getElementById("main");
  const contents = document.getElementById("contents");
  const entry = (target, text) => contents.append(element("li", {}, element("a", { href: "#" + target }, text)));
  const group = (target, text) => contents.append(
    element("li", { class: "group" }, element("a", { href: "#" + target }, text)));
  main.replaceChildren();
  for (const tag of api.tags) {
    main.append(element("h2", { id: "tag-" + tag.name }, tag.name), element("p", {}, tag.description));
    group("tag-" + tag.name, tag.name);
    for (const [path, methods] of Object.entries(api.paths)) {
      for (const [method, operation] of Object.entries(methods)) {
        if (!operation.tags.includes(tag.name)) continue;
        main.append(article(path, method, operation));
        entry(operation.operationId, operation.summary);
      }
    }
  }
  main.append(element("h2", { id: "problems" }, "Problem types"));
  group("problems", "Problem types");
  main.append(table(["type", "status", "meaning", "what to do"],
    Object.entries(api["x-problem-types"]).map(([urn, kind]) => [
      element("code", { id: urn }, urn), String(kind.status), kind.title, kind.advice,
    ])));
  main.append(element("h2", { id: "schemas" }, "Models"));
  group("schemas", "Models");
  for (const [name, schema] of Object.entries(api.components.schemas)) main.append(schemaArticle(name, schema));
  if (location.hash) document.getElementById(decodeURIComponent(location.hash.slice(1)))?.scrollIntoView();
};

fetch("/openapi.json")
  .then((response) => response.ok ? response.json() : Promise.reject(new Error("status " + response.status)))
  .then(show)
  .catch((error) => { document.getElementById("state").textContent = "The document cannot be read: " + error.message; });
