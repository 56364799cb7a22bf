using System.Text.Json;
using ProtoBridgeMQ.Benchmarks.Load.Measuring;
using ProtoBridgeMQ.Benchmarks.Load.Remoting;

namespace ProtoBridgeMQ.Benchmarks.Load.Burdens;

/// <summary>
/// What else a broker carries must not slow a producer: 64 synchronous senders of 128 B with nothing else, with 20 consumers
/// that lag in a backlog, and with many topics. Ratios are to the rate with nothing else, of the same process.
/// </summary>
internal static class BurdenRun
{
    private const string Topic = "load-burdens";
    private const int Queues = 8;
    private const int Senders = 64;
    private const int Size = 128;
    private const int Consumers = 20;
    private const int Creators = 64;
    private const double Warmup = 2;
    private const double Seconds = 4;

    /// <summary>Measures and prints; the figures go to a file as well when there is one.</summary>
    public static async Task<int> RunAsync(TextWriter output, string? file)
    {
        List<Burden> burdens = [];
        foreach (Func<Task<Burden>> measure in new Func<Task<Burden>>[] { LagAsync, () => TopicsAsync(1_000), () => TopicsAsync(50_000) })
        {
            Burden burden = await measure();
            burdens.Add(burden);
            await output.WriteLineAsync($"{burden.What,-34} {burden.PerSecond,9:N0}/s of {burden.Alone,9:N0}/s alone: {burden.PerSecond / burden.Alone:N2}  p99 {burden.P99:N0} us of {burden.AloneP99:N0}  {burden.Remark}");
        }

        if (file is not null)
        {
            await File.WriteAllTextAsync(file, JsonSerializer.Serialize(burdens, JsonSerializerOptions.Web));
        }

        return 0;
    }

    private static async Task<Burden> LagAsync()
    {
        await using Target gateway = await Target.GatewayAsync("async");
        await CreateAsync(gateway, Topic);
        // The first run is the backlog.
        await SendAsync(gateway);
        (double alone, double aloneP99) = await SendAsync(gateway);
        await using LaggingPullers pullers = await LaggingPullers.StartAsync(Consumers, gateway.Ports.Broker, Topic, Queues);
        (double lagging, double laggingP99) = await SendAsync(gateway);
        return new Burden($"{Consumers} consumers that lag", lagging, alone, laggingP99, aloneP99, $"{pullers.Messages:N0} old messages read");
    }

    private static async Task<Burden> TopicsAsync(int topics)
    {
        using var names = new RegistrationCounter();
        await using Target gateway = await Target.BrokerAsync(names.Port, topics + 1_000);
        await CreateAsync(gateway, Topic);
        await SendAsync(gateway);
        (double alone, double aloneP99) = await SendAsync(gateway);
        long started = TimeProvider.System.GetTimestamp();
        // The broker answers when name servers know, of many at once.
        await Task.WhenAll(Enumerable.Range(0, Creators).Select(creator => CreateAsync(gateway, creator, topics)));
        double creating = TimeProvider.System.GetElapsedTime(started).TotalSeconds;
        (double with, double withP99) = await SendAsync(gateway);
        return new Burden($"{topics:N0} topics", with, alone, withP99, aloneP99, $"made in {creating:N1} s; largest registration {names.Largest:N0} B, last {names.Last:N0} B");
    }

    private static async Task CreateAsync(Target gateway, int first, int topics)
    {
        using RemotingExchange exchange = await RemotingExchange.ConnectAsync(gateway.Ports.Broker, SendFrame.CreateTopic(Topic, Queues));
        for (int i = first; i < topics; i += Creators)
        {
            exchange.Use(SendFrame.CreateTopic($"load-burden-{i}", 1));
            if (!await exchange.ExchangeAsync())
            {
                throw new InvalidOperationException($"topic {i} was not created");
            }
        }
    }

    private static async Task CreateAsync(Target gateway, string topic)
    {
        using RemotingExchange create = await RemotingExchange.ConnectAsync(gateway.Ports.Broker, SendFrame.CreateTopic(topic, Queues));
        await create.ExchangeAsync();
    }

    private static async Task<(double PerSecond, double P99)> SendAsync(Target gateway)
    {
        IExchange[] exchanges = await Task.WhenAll(Enumerable.Range(0, Senders).Select(
            async i => (IExchange)await RemotingExchange.ConnectAsync(gateway.Ports.Broker, SendFrame.Send(Topic, i % Queues, Size, binary: false))));
        (Tally tally, Phase phase) = await Measuring.Senders.ClosedAsync(exchanges, Warmup, Seconds);
        foreach (IExchange exchange in exchanges)
        {
            exchange.Dispose();
        }

        return (tally.Times.Count / phase.Seconds, tally.Times.Percentile(0.99));
    }

    /// <summary>A rate with a burden and without it.</summary>
    private sealed record Burden(string What, double PerSecond, double Alone, double P99, double AloneP99, string Remark);
}
