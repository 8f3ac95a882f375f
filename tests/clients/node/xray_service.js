// One web service instrumented with the official X-Ray SDK for Node.
//
// Listens on a free port and prints it. Each request becomes a segment with an annotation, a subsegment and, when NEXT
// is set, a traced HTTP call to the next service. Reports to AWS_XRAY_DAEMON_ADDRESS.
'use strict';

const http = require('http');
const AWSXRay = require('aws-xray-sdk-core');
const xrayExpress = require('aws-xray-sdk-express');
const express = require('express');

const name = process.env.SERVICE;
const next = process.env.NEXT;
AWSXRay.captureHTTPsGlobal(http, true);

function get(url) {
  return new Promise((resolve, reject) => {
    http.get(url, (response) => {
      let text = '';
      response.on('data', (chunk) => (text += chunk));
      response.on('end', () => resolve(JSON.parse(text)));
    }).on('error', reject);
  });
}

const app = express();
app.use(xrayExpress.openSegment(name));
app.get('/call', (request, response, fail) => {
  AWSXRay.getSegment().addAnnotation('language', 'node');
  AWSXRay.captureAsyncFunc('reserve', (subsegment) => {
    subsegment.addMetadata('slot', { shelf: 4 });
    subsegment.close();
  });
  (next ? get(next) : Promise.resolve(null))
    .then((downstream) => response.json({ service: name, downstream }))
    .catch(fail);
});
app.use(xrayExpress.closeSegment());

const server = app.listen(0, '127.0.0.1', () => {
  console.log(JSON.stringify({ port: server.address().port }));
});
process.on('SIGTERM', () => process.exit(0));
