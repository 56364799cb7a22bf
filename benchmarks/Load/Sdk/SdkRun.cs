using System.CommandLine;
using System.Globalization;
using ProtoBridgeMQ.Benchmarks.Load.Remoting;
using ProtoBridgeMQ.Tests.Support.Processes;

namespace ProtoBridgeMQ.Benchmarks.Load.Sdk;

/// <summary>
/// The SDK beside the raw generator, against one broker in one run: asynchronous sends over one connection, and a backlog consumed. Rounds
/// take turns, so that what else the machine does hits both.
/// </summary>
internal static class SdkRun
{
    private const int Queues = 8;
    private const int Size = 128;
    private const int InFlight = 1024;

    /// <summary>Measures and prints.</summary>
    public static async Task<int> RunAsync(TextWriter output, string[] args)
    {
        var seconds = new Option<double>("--seconds") { Description = "Seconds that are counted of each send", DefaultValueFactory = _ => 4 };
        var rounds = new Option<int>("--rounds") { Description = "Rounds of each", DefaultValueFactory = _ => 3 };
        var external = new Option<string?>("--external")
        {
            Description = "Another raw generator: run as PROGRAM host:port topic seconds, its last line is the messages a second that were acknowledged",
        };
        var root = new RootCommand("The SDK beside a raw generator: asynchronous sends, and a backlog consumed") { seconds, rounds, external };
        root.SetAction((parsed, _) => MeasureAsync(output, parsed.GetValue(seconds), parsed.GetValue(rounds), parsed.GetValue(external)));
        return await root.Parse(args).InvokeAsync();
    }

    private static async Task<int> MeasureAsync(TextWriter output, double seconds, int rounds, string? external)
    {
        await using Target gateway = await Target.GatewayAsync("async");
        List<double> rawSends = [], sdkSends = [], externalSends = [], rawReads = [], sdkReads = [];
        for (int round = 0; round < rounds; round++)
        {
            string raw = await CreateAsync(gateway, $"load-raw-{round}");
            string sdk = await CreateAsync(gateway, $"load-sdk-{round}");
            double warmup = round == 0 ? seconds : 0.5;
            rawSends.Add(await RawPipeline.RunAsync(gateway.Ports.Broker, raw, Queues, Size, InFlight, warmup, seconds));
            sdkSends.Add(await SdkSends.RunAsync(NameServer(gateway), sdk, Size, InFlight, warmup, seconds));
            if (external is not null)
            {
                externalSends.Add(await ExternalAsync(external, gateway, await CreateAsync(gateway, $"load-external-{round}"), seconds));
            }

            // The same messages for both.
            rawReads.Add(await RawBacklog.RunAsync(gateway.Ports.Broker, sdk, Queues));
            sdkReads.Add(await SdkBacklog.RunAsync(NameServer(gateway), sdk, Queues));
        }

        await PrintAsync(output, "async sends", sdkSends, rawSends, "raw");
        if (external is not null)
        {
            await PrintAsync(output, "async sends", sdkSends, externalSends, "external");
        }

        await PrintAsync(output, "backlog", sdkReads, rawReads, "raw");
        return 0;
    }

    private static string NameServer(Target gateway) => $"127.0.0.1:{gateway.Ports.NameServer}";

    private static async Task<string> CreateAsync(Target gateway, string topic)
    {
        using RemotingExchange create = await RemotingExchange.ConnectAsync(gateway.Ports.Broker, SendFrame.CreateTopic(topic, Queues));
        return await create.ExchangeAsync() ? topic : throw new InvalidOperationException($"topic {topic} was not created");
    }

    private static async Task<double> ExternalAsync(string program, Target gateway, string topic, double seconds)
    {
        await using ChildProcess process = ChildProcess.Start(program, [$"127.0.0.1:{gateway.Ports.Broker}", topic, seconds.ToString(CultureInfo.InvariantCulture)]);
        int code = await process.ExitAsync(TimeSpan.FromSeconds(seconds + 60));
        return code == 0 && process.Lines.Count > 0
            ? double.Parse(process.Lines[^1], CultureInfo.InvariantCulture)
            : throw new InvalidOperationException($"{program} ended with {code}: {process.Output}");
    }

    private static Task PrintAsync(TextWriter output, string what, List<double> sdk, List<double> other, string name)
    {
        double ours = sdk.Order().ElementAt(sdk.Count / 2);
        double theirs = other.Order().ElementAt(other.Count / 2);
        string all = string.Join(", ", sdk.Zip(other, static (a, b) => string.Create(CultureInfo.InvariantCulture, $"{a / b:0.00}")));
        return output.WriteLineAsync(string.Create(
            CultureInfo.InvariantCulture, $"{what,-12} sdk {ours,11:N0}/s  {name,-8} {theirs,11:N0}/s  ratio {ours / theirs:0.00}  (rounds {all})"));
    }
}
