package beamline.clients;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/**
 * Offers requests to a sampler at a steady rate, and counts what it keeps.
 *
 * <p>So many requests for each path in every second. Prints, about four times a second, a line of JSON with all that was
 * offered and kept so far: {@code {"/path": [offered, kept], ...}}. The process ends when its standard input does.
 */
final class Offers {
    /** Requests are offered in so many portions a second. */
    private static final int PORTIONS = 20;

    private Offers() {}

    /** Takes REQUESTS_PER_SECOND PATH... and runs until the process ends. */
    static void run(String[] arguments, Predicate<String> keep) throws InterruptedException {
        long perSecond = Long.parseLong(arguments[0]);
        List<String> paths = List.of(arguments).subList(1, arguments.length);
        Thread end = new Thread(() -> {
            try {
                System.in.transferTo(java.io.OutputStream.nullOutputStream());
            } catch (java.io.IOException gone) {
                // Whoever started this is gone: all the more a reason to end.
            }
            Runtime.getRuntime().halt(0);
        });
        end.setDaemon(true);
        end.start();
        Map<String, long[]> counts = new LinkedHashMap<>();
        paths.forEach(path -> counts.put(path, new long[2]));
        long start = System.nanoTime();
        for (long portion = 1; ; portion++) {
            long due = start + portion * TimeUnit.SECONDS.toNanos(1) / PORTIONS;
            TimeUnit.NANOSECONDS.sleep(due - System.nanoTime());
            for (String path : paths) {
                for (long[] count = counts.get(path); count[0] < portion * perSecond / PORTIONS; count[0]++) {
                    count[1] += keep.test(path) ? 1 : 0;
                }
            }
            if (portion % (PORTIONS / 4) == 0) {
                System.out.println(counts.entrySet().stream()
                        .map(it -> "\"" + it.getKey() + "\":[" + it.getValue()[0] + "," + it.getValue()[1] + "]")
                        .collect(Collectors.joining(",", "{", "}")));
            }
        }
    }
}
