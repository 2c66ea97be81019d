// Reads a document as AsyncAPI's own parser does: `node asyncapi.mjs FILE` prints what it found, and what it would have otherwise.
import { readFileSync } from "node:fs";
import { AvroSchemaParser } from "@asyncapi/avro-schema-parser";
import { Parser } from "@asyncapi/parser";
import Ajv from "ajv";
import addFormats from "ajv-formats";

const avro = AvroSchemaParser();
const parser = new Parser();
parser.registerSchemaParser(avro);
const { document, diagnostics } = await parser.parse(readFileSync(process.argv[2], "utf8"));
const all = (collection) => collection?.all() ?? [];
const named = (collection) => all(collection).map((message) => message.name());

// Of version 3 the parser converts Avro schemas without checking them, and looks at no example: so both are asked for here.
const ajv = new Ajv({ strict: false, allErrors: true });
addFormats(ajv);
const refused = async (message) => {
  const { "x-parser-original-payload": schema, schema: payload } = message.json("payload");
  const found = await avro.validate({ data: schema, path: [message.name(), "payload"] });
  const fitting = { payload: ajv.compile(payload), headers: ajv.compile(message.json("headers")) };
  for (const example of all(message.examples())) {
    for (const [part, fits] of Object.entries(fitting)) {
      if (!fits(example[part]())) found.push({ message: ajv.errorsText(fits.errors), path: [message.name(), "examples", part] });
    }
  }
  return found;
};
const beyond = (await Promise.all(all(document?.messages()).map(refused))).flat();

console.log(
  JSON.stringify({
    diagnostics: [...diagnostics, ...beyond].map(({ message, path }) => `${path.join("/")}: ${message}`),
    channels: Object.fromEntries(all(document?.channels()).map((channel) => [channel.address(), named(channel.messages())])),
    operations: Object.fromEntries(
      all(document?.operations()).map((operation) => [operation.id(), [operation.action(), named(operation.messages())]]),
    ),
    payloads: Object.fromEntries(
      all(document?.messages()).map((message) => [message.name(), Object.keys(message.payload().properties().data.properties())]),
    ),
  }),
);
