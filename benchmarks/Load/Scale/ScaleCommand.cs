using System.CommandLine;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;

namespace ProtoBridgeMQ.Benchmarks.Load.Scale;

/// <summary>What very many MQTT clients cost, the gateway beside mosquitto: <c>mqtt-scale PART ...</c>.</summary>
internal static class ScaleCommand
{
    private static readonly string[] AllParts = ["idle", "filters", "away", "backlog", "fanout", "latency"];
    private static readonly JsonSerializerOptions Format = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    /// <summary>Parses and runs.</summary>
    public static async Task<int> RunAsync(TextWriter output, string[] arguments)
    {
        var parts = new Argument<string[]>("part") { Description = "idle, filters, away, backlog, fanout, latency; without any, all of them", Arity = ArgumentArity.ZeroOrMore };
        parts.AcceptOnlyFromAmong(AllParts);
        var servers = new Option<string[]>("--server") { Description = "Which", AllowMultipleArgumentsPerToken = true, DefaultValueFactory = _ => ["mosquitto", "gateway"] };
        servers.AcceptOnlyFromAmong("gateway", "mosquitto");
        var mosquitto = new Option<string>("--mosquitto") { Description = "The program", DefaultValueFactory = _ => File.Exists("/usr/sbin/mosquitto") ? "/usr/sbin/mosquitto" : "mosquitto" };
        var connections = Count("--connections", 20_000, "Idle connections; fewer where not so many files may be open beside those that the gateway keeps for its log");
        var filters = Count("--filters", 100_000, "Wildcard subscriptions of connected clients");
        var sessions = Count("--sessions", 100_000, "Sessions that are away");
        var each = Count("--filters-of-session", 10, "Subscriptions of each of them");
        var backlog = Count("--backlog", 200_000, "Messages that wait for one session");
        var subscribers = Count("--subscribers", 1000, "Subscribers of one publisher");
        var seconds = new Option<double>("--seconds") { Description = "Seconds that are counted, where time ends a part", DefaultValueFactory = _ => 3 };
        var file = new Option<string?>("--out") { Description = "File for the rows as JSON" };
        var root = new RootCommand("Very many MQTT clients: the gateway (asynchronous flush) beside mosquitto (no persistence, no limits), each in a process of its own for each part.")
        {
            parts, servers, mosquitto, connections, filters, sessions, each, backlog, subscribers, seconds, file,
        };
        root.SetAction(async (parsed, _) => await RunAsync(output, new ScaleOptions
        {
            Parts = parsed.GetValue(parts) is { Length: > 0 } chosen ? chosen : AllParts,
            // Mosquitto first: its rate is one that the gateway is measured at.
            Servers = [.. parsed.GetValue(servers)!.OrderDescending(StringComparer.Ordinal)],
            Mosquitto = parsed.GetValue(mosquitto)!,
            Connections = parsed.GetValue(connections),
            Filters = parsed.GetValue(filters),
            Sessions = parsed.GetValue(sessions),
            FiltersOfSession = parsed.GetValue(each),
            Backlog = parsed.GetValue(backlog),
            Subscribers = parsed.GetValue(subscribers),
            Seconds = parsed.GetValue(seconds),
            Out = parsed.GetValue(file),
        }));
        return await root.Parse(arguments).InvokeAsync();
    }

    private static Option<int> Count(string name, int usual, string what) => new(name) { Description = what, DefaultValueFactory = _ => usual };

    private static async Task<int> RunAsync(TextWriter output, ScaleOptions options)
    {
        List<ScaleRow> rows = [];
        foreach (string part in options.Parts)
        {
            var latency = new LatencyPart(options);
            foreach (string name in options.Servers)
            {
                await using Target server = await StartAsync(name, options);
                IReadOnlyList<ScaleRow> some = part switch
                {
                    "idle" => await new IdlePart(server, options).RunAsync(output),
                    "filters" => await new FiltersPart(server, options).RunAsync(),
                    "away" => await new AwayPart(server, options).RunAsync(),
                    "backlog" => await new BacklogPart(server, options).RunAsync(),
                    "fanout" => await new FanOutPart(server, options).RunAsync(),
                    _ => await latency.RunAsync(server),
                };
                foreach (ScaleRow row in some)
                    await output.WriteLineAsync(row.ToLine());
                rows.AddRange(some);
            }
        }

        IReadOnlyList<ScaleRatio> ratios = ScaleRatio.Of(rows);
        await output.WriteLineAsync(ratios.Count > 0 ? "\ngateway / mosquitto" : string.Empty);
        foreach (ScaleRatio ratio in ratios)
            await output.WriteLineAsync(ratio.ToLine());
        if (options.Out is { } path)
        {
            string machine = $"{Environment.ProcessorCount} cores, {RuntimeInformation.OSDescription}, {RuntimeInformation.FrameworkDescription}";
            await File.WriteAllTextAsync(path, JsonSerializer.Serialize(new { Time = TimeProvider.System.GetUtcNow(), Machine = machine, Options = options, Rows = rows, Ratios = ratios }, Format));
        }

        return 0;
    }

    private static Task<Target> StartAsync(string name, ScaleOptions options) => name == "mosquitto"
        ? Target.MosquittoAsync(options.Mosquitto)
        : Target.GatewayAsync("async", string.Create(CultureInfo.InvariantCulture, $"{{\"mqtt\":{{\"maximumSessions\":{Math.Max(1_000_000, options.Sessions)}}}}}"));
}
