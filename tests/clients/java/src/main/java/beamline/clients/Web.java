package beamline.clients;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.Executors;

/** The smallest web server that the services need. */
final class Web {
    /** Answers one request with a status and JSON. */
    interface Handler {
        Answer answer(HttpExchange exchange) throws Exception;
    }

    record Answer(int status, String json) {}

    private Web() {}

    /** Serves {@code /call} on a free port and prints that. */
    static void serve(Handler handler) throws IOException {
        HttpServer server = HttpServer.create(new InetSocketAddress("127.0.0.1", 0), 0);
        server.setExecutor(Executors.newCachedThreadPool());
        server.createContext("/call", exchange -> {
            Answer answer;
            try {
                answer = handler.answer(exchange);
            } catch (Throwable error) {
                error.printStackTrace();
                answer = new Answer(502, "{\"error\":\"" + error.getClass().getName() + "\"}");
            }
            byte[] body = answer.json().getBytes(StandardCharsets.UTF_8);
            exchange.getResponseHeaders().set("Content-Type", "application/json");
            exchange.sendResponseHeaders(answer.status(), body.length);
            exchange.getResponseBody().write(body);
            exchange.close();
        });
        server.start();
        System.out.println("{\"port\":" + server.getAddress().getPort() + "}");
    }

    /** What the services answer; {@code downstream} is JSON already. */
    static String body(String service, String downstream) {
        return "{\"service\":\"" + service + "\",\"downstream\":" + downstream + "}";
    }
}
