using System.CommandLine;
using System.Globalization;
using ProtoBridgeMQ.Benchmarks.Load;
using ProtoBridgeMQ.Benchmarks.Load.Burdens;
using ProtoBridgeMQ.Benchmarks.Load.Floor;
using ProtoBridgeMQ.Benchmarks.Load.Reports;
using ProtoBridgeMQ.Benchmarks.Load.Sdk;
using ProtoBridgeMQ.Benchmarks.Load.Scale;

if (args is ["floor", var remoting, var mqtt, var http])
{
    await FloorServer.RunAsync(Number(remoting), Number(mqtt), Number(http));
    return 0;
}

if (args is ["burdens", ..])
{
    return await BurdenRun.RunAsync(Console.Out, args is [_, var file] ? file : null);
}

if (args is ["sdk", .. var rest])
{
    return await SdkRun.RunAsync(Console.Out, rest);
}

if (args is ["mqtt-scale", .. var scale])
{
    return await ScaleCommand.RunAsync(Console.Out, scale);
}

var scenarios = new Option<string[]>("--scenario")
{
    Description = "remoting (send and wait), mqtt (QoS 1, publish to deliver), http (POST), http-batch (POST of 100 messages; a row counts requests)",
    AllowMultipleArgumentsPerToken = true,
    DefaultValueFactory = _ => ["remoting", "mqtt", "http"],
};
scenarios.AcceptOnlyFromAmong("remoting", "mqtt", "http", "http-batch");
var senders = new Option<int[]>("--senders") { Description = "Connections that send", AllowMultipleArgumentsPerToken = true, DefaultValueFactory = _ => [1, 16, 64] };
var sizes = new Option<int[]>("--size") { Description = "Bytes of a body", AllowMultipleArgumentsPerToken = true, DefaultValueFactory = _ => [128, 1024] };
var flush = new Option<string[]>("--flush") { Description = "When the gateway acknowledges", AllowMultipleArgumentsPerToken = true, DefaultValueFactory = _ => ["fsync", "async"] };
flush.AcceptOnlyFromAmong("fsync", "async");
var targets = new Option<string[]>("--target") { Description = "What is measured; ratios need both", AllowMultipleArgumentsPerToken = true, DefaultValueFactory = _ => ["gateway", "floor"] };
targets.AcceptOnlyFromAmong("gateway", "floor");
var warmup = new Option<double>("--warmup") { Description = "Seconds before counting", DefaultValueFactory = _ => 3 };
var seconds = new Option<double>("--seconds") { Description = "Seconds that are counted", DefaultValueFactory = _ => 6 };
var share = new Option<double>("--share") { Description = "Rate of the open loop as a share of what the closed loop reached; 0 leaves the open loop out", DefaultValueFactory = _ => 0.6 };
var header = new Option<string>("--header") { Description = "Form of remoting request headers", DefaultValueFactory = _ => "json" };
header.AcceptOnlyFromAmong("json", "binary");
var output = new Option<string?>("--out") { Description = "File for the results as JSON" };

var root = new RootCommand(
    "Measures the gateway, which it starts itself, against a floor of bare Kestrel endpoints. First as fast as answers come (throughput), "
    + "then at a fixed rate with times counted from when each request was due (percentiles that a stall cannot hide from).")
{
    scenarios, targets, senders, sizes, flush, warmup, seconds, share, header, output,
};
root.SetAction(async (parsed, _) =>
{
    var options = new LoadOptions
    {
        Scenarios = parsed.GetValue(scenarios)!,
        Targets = parsed.GetValue(targets)!,
        Senders = parsed.GetValue(senders)!,
        Sizes = parsed.GetValue(sizes)!,
        FlushModes = parsed.GetValue(flush)!,
        Warmup = parsed.GetValue(warmup),
        Seconds = parsed.GetValue(seconds),
        Share = parsed.GetValue(share),
        Binary = parsed.GetValue(header) == "binary",
        Out = parsed.GetValue(output),
    };
    IReadOnlyList<Result> results = await new LoadRun(options, Console.Out).RunAsync();
    var report = new Report
    {
        Time = TimeProvider.System.GetUtcNow(),
        Command = string.Join(' ', args),
        Results = results,
        Ratios = Ratio.Of(results),
    };
    report.PrintRatios(Console.Out);
    if (options.Out is { } path)
    {
        report.Save(path);
    }

    return results.Any(result => result.Errors > 0) ? 1 : 0;
});
return await root.Parse(args).InvokeAsync();

static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);
