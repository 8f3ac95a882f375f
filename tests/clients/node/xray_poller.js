// Offers requests to the official X-Ray SDK for Node, as offers.js says. Rules come from AWS_XRAY_DAEMON_ADDRESS, and
// what is kept is reported there.
'use strict';

const AWSXRay = require('aws-xray-sdk-core');
const offers = require('./offers');

const name = process.env.SERVICE;

// What the SDK's middlewares do with a request that brings no decision.
function keep(path) {
  const segment = new AWSXRay.Segment(name);
  const request = { method: 'GET', url: path, headers: { host: 'shop.example.com' } };
  AWSXRay.middleware.resolveSampling({}, segment, { req: request });
  const kept = !segment.notTraced;
  segment.close();
  return kept;
}

offers.run(process.argv.slice(2), keep);
