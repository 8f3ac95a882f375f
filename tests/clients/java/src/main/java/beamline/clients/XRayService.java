package beamline.clients;

import com.amazonaws.xray.AWSXRay;
import com.amazonaws.xray.entities.Segment;
import com.amazonaws.xray.entities.TraceHeader;
import com.amazonaws.xray.interceptors.TracingInterceptor;
import com.amazonaws.xray.proxies.apache.http.HttpClientBuilder;
import com.sun.net.httpserver.HttpExchange;
import java.util.HashMap;
import java.util.Map;
import org.apache.http.client.methods.HttpGet;
import org.apache.http.impl.client.CloseableHttpClient;
import org.apache.http.util.EntityUtils;
import software.amazon.awssdk.http.urlconnection.UrlConnectionHttpClient;
import software.amazon.awssdk.services.xray.XRayClient;

/**
 * One web service instrumented with the official X-Ray SDK for Java.
 *
 * <p>Listens on a free port and prints it. Each request becomes a segment with an annotation, nested subsegments, an AWS
 * call through the traced AWS SDK (to AWS_ENDPOINT_URL) and, when NEXT is set, a traced HTTP call to the next service.
 * With {@code ?fail} in the URL the innermost subsegment throws, and the SDK carries the exception outwards. Reports to
 * AWS_XRAY_DAEMON_ADDRESS.
 */
public final class XRayService {
    private static final String NAME = System.getenv("SERVICE");
    private static final String NEXT = System.getenv("NEXT");
    private static final CloseableHttpClient HTTP = HttpClientBuilder.create().build();
    private static final XRayClient AWS = XRayClient.builder()
            .httpClient(UrlConnectionHttpClient.create())
            .overrideConfiguration(it -> it.addExecutionInterceptor(new TracingInterceptor()))
            .build();

    private XRayService() {}

    public static void main(String[] arguments) throws Exception {
        Web.serve(XRayService::answer);
    }

    private static Web.Answer answer(HttpExchange exchange) throws Exception {
        TraceHeader header = TraceHeader.fromString(exchange.getRequestHeaders().getFirst(TraceHeader.HEADER_KEY));
        Segment segment = AWSXRay.beginSegment(NAME, header.getRootTraceId(), header.getParentId());
        int status = 500;
        try {
            segment.putAnnotation("language", "java");
            segment.putHttp("request", Map.of(
                    "method", "GET",
                    "url", "http://" + exchange.getRequestHeaders().getFirst("Host") + exchange.getRequestURI()));
            boolean fail = "fail".equals(exchange.getRequestURI().getQuery());
            AWSXRay.createSubsegment("charge", () -> AWSXRay.createSubsegment("ask the bank", bank -> {
                bank.putMetadata("card", Map.of("last digits", "4242"));
                if (fail) {
                    throw new IllegalStateException("the card was declined");
                }
            }));
            AWS.getGroups(request -> {});
            String body = Web.body(NAME, NEXT == null ? "null" : get(NEXT));
            status = 200;
            return new Web.Answer(status, body);
        } catch (IllegalStateException error) {
            segment.addException(error);
            return new Web.Answer(status, "{\"error\":\"" + error.getMessage() + "\"}");
        } finally {
            Map<String, Object> response = new HashMap<>();
            response.put("status", status);
            segment.putHttp("response", response);
            AWSXRay.endSegment();
        }
    }

    private static String get(String url) throws Exception {
        return HTTP.execute(new HttpGet(url), response -> EntityUtils.toString(response.getEntity()));
    }
}
