// Offers requests to OpenTelemetry's X-Ray remote sampler for Node, as offers.js says. Rules come from
// SAMPLER_ENDPOINT, every POLLING_INTERVAL seconds.
'use strict';

const { ROOT_CONTEXT, SpanKind, TraceFlags } = require('@opentelemetry/api');
const { AWSXRayRemoteSampler } = require('@opentelemetry/sampler-aws-xray');
const { resourceFromAttributes } = require('@opentelemetry/resources');
const { NodeTracerProvider } = require('@opentelemetry/sdk-trace-node');
const offers = require('./offers');

const resource = resourceFromAttributes({ 'service.name': process.env.SERVICE });
const sampler = new AWSXRayRemoteSampler({
  resource,
  endpoint: process.env.SAMPLER_ENDPOINT,
  pollingInterval: Number(process.env.POLLING_INTERVAL),
});
const tracer = new NodeTracerProvider({ resource, sampler }).getTracer('beamline-test-clients');

function keep(path) {
  const attributes = {
    'http.method': 'GET',
    'http.host': 'shop.example.com',
    'http.target': path,
    'http.request.method': 'GET',
    'url.path': path,
  };
  const span = tracer.startSpan('GET', { kind: SpanKind.SERVER, attributes }, ROOT_CONTEXT);
  span.end();
  return (span.spanContext().traceFlags & TraceFlags.SAMPLED) !== 0;
}

offers.run(process.argv.slice(2), keep);
