using ProtoBridgeMQ.Samples.Sdk;

// dotnet run --project samples/sdk -- SAMPLE [name server, default 127.0.0.1:9876]
string nameServers = args.Length > 1 ? args[1] : "127.0.0.1:9876";
Task? sample = (args.Length > 0 ? args[0] : string.Empty) switch
{
    "quickstart" => QuickStart.RunAsync(nameServers),
    "ordered" => Ordered.RunAsync(nameServers),
    "transactional" => Transactional.RunAsync(nameServers),
    "request-reply" => RequestReply.RunAsync(nameServers),
    "worker" => Worker.RunAsync(nameServers),
    "replay" => Replay.RunAsync(nameServers),
    _ => null,
};
if (sample is null)
{
    await Console.Error.WriteLineAsync("Name a sample: quickstart, ordered, transactional, request-reply, worker or replay.");
    return 1;
}

await sample;
return 0;
