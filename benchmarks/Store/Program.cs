using System.CommandLine;
using System.Text.Json;
using ProtoBridgeMQ.Benchmarks.Store;

var scenario = new Argument<string>("scenario") { Description = "append, groupcommit, read or coldstart" };
scenario.AcceptOnlyFromAmong("append", "groupcommit", "read", "coldstart");
var directory = new Option<string>("--directory") { Description = "Where the files go: a directory of the file system to be measured", DefaultValueFactory = _ => Path.GetTempPath() };
var sizes = new Option<int[]>("--size") { Description = "Bytes of a body", AllowMultipleArgumentsPerToken = true, DefaultValueFactory = _ => [128, 1024, 4096] };
var senders = new Option<int>("--senders") { Description = "Senders of groupcommit", DefaultValueFactory = _ => 64 };
var megabytes = new Option<int>("--megabytes") { Description = "Log that append, read and coldstart write", DefaultValueFactory = _ => 512 };
var seconds = new Option<double>("--seconds") { Description = "Time of a run of groupcommit", DefaultValueFactory = _ => 3 };
var rounds = new Option<int>("--rounds") { Description = "Times each is measured, floor and store in turn; the best counts, of groupcommit the middle one", DefaultValueFactory = _ => 3 };
var json = new Option<string?>("--json") { Description = "File for the results as JSON" };

var root = new RootCommand("Measures the store against the floor of its file system, both in one run.")
{
    scenario, directory, sizes, senders, megabytes, seconds, rounds, json,
};
root.SetAction(async (parsed, cancellation) =>
{
    var options = new BenchmarkOptions(
        Directory.CreateDirectory(Path.Combine(parsed.GetValue(directory)!, $"protobridge-bench-{Environment.ProcessId}")).FullName,
        parsed.GetValue(sizes)!,
        parsed.GetValue(senders),
        parsed.GetValue(megabytes),
        TimeSpan.FromSeconds(parsed.GetValue(seconds)),
        parsed.GetValue(rounds));
    try
    {
        IReadOnlyList<Line> lines = parsed.GetValue(scenario) switch
        {
            "append" => await AppendScenario.RunAsync(options),
            "groupcommit" => await GroupCommitScenario.RunAsync(options),
            "read" => await ReadScenario.RunAsync(options),
            _ => await ColdStartScenario.RunAsync(options),
        };
        foreach (Line line in lines)
        {
            Console.WriteLine(line);
        }

        if (parsed.GetValue(json) is { } file)
        {
            await File.WriteAllTextAsync(file, JsonSerializer.Serialize(lines), cancellation);
        }
    }
    finally
    {
        Directory.Delete(options.Directory, recursive: true);
    }
});
return await root.Parse(args).InvokeAsync();
