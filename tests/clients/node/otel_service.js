// One web service instrumented with the official OpenTelemetry SDK for Node, HTTP calls by its own instrumentation.
//
// Listens on a free port and prints it. Takes its context from X-Amzn-Trace-Id, as the X-Ray SDKs send it. Reports by
// OTLP over HTTP (protobuf) to OTEL_EXPORTER_OTLP_ENDPOINT, and the same to SECOND_OTLP_ENDPOINT if that is set.
'use strict';

const { NodeSDK } = require('@opentelemetry/sdk-node');
const { OTLPTraceExporter } = require('@opentelemetry/exporter-trace-otlp-proto');
const { AWSXRayPropagator } = require('@opentelemetry/propagator-aws-xray');
const { HttpInstrumentation } = require('@opentelemetry/instrumentation-http');
const { SimpleSpanProcessor } = require('@opentelemetry/sdk-trace-node');
const { trace } = require('@opentelemetry/api');

const name = process.env.SERVICE;
const next = process.env.NEXT;
const second = process.env.SECOND_OTLP_ENDPOINT;
const exporters = [new OTLPTraceExporter()].concat(second ? new OTLPTraceExporter({ url: `${second}/v1/traces` }) : []);
const sdk = new NodeSDK({
  serviceName: name,
  textMapPropagator: new AWSXRayPropagator(),
  spanProcessors: exporters.map((exporter) => new SimpleSpanProcessor(exporter)),
  instrumentations: [new HttpInstrumentation()],
});
sdk.start();
const http = require('http');

function get(url) {
  return new Promise((resolve, reject) => {
    http.get(url, (response) => {
      let text = '';
      response.on('data', (chunk) => (text += chunk));
      response.on('end', () => resolve(JSON.parse(text)));
    }).on('error', reject);
  });
}

const server = http.createServer(async (request, response) => {
  try {
    const tracer = trace.getTracer('beamline-test-clients');
    await tracer.startActiveSpan('pack', async (span) => {
      span.setAttribute('language', 'node');
      span.end();
    });
    const downstream = next ? await get(next) : null;
    response.setHeader('Content-Type', 'application/json');
    response.end(JSON.stringify({ service: name, downstream }));
  } catch (error) {
    response.statusCode = 502;
    response.end(JSON.stringify({ error: String(error) }));
  }
});
server.listen(0, '127.0.0.1', () => {
  console.log(JSON.stringify({ port: server.address().port }));
});
process.on('SIGTERM', () => sdk.shutdown().finally(() => process.exit(0)));
