using System.Globalization;
using ProtoBridgeMQ.Tests.Interop.Remoting;
using ProtoBridgeMQ.Tests.Support;
using ProtoBridgeMQ.Tests.Support.Processes;

namespace ProtoBridgeMQ.Tests.Interop.Crash;

/// <summary>
/// Kills the gateway at random moments under load of all protocols, on one data directory, and counts afterwards: every
/// acknowledged message is there once and in order, queue offsets have no gap, and the group went on from its saved
/// progress.
/// </summary>
internal sealed class KillNine(int rounds, int seed, TextWriter report)
{
    private const int ShortestMilliseconds = 300;
    private const int LongestMilliseconds = 4000;

    private static readonly string[] Topics = [Workload.RemotingTopic, Workload.MqttTopic, Workload.HttpTopic];

    private readonly Random _random = new(seed);
    private readonly Workload _workload = new();
    private readonly GroupReader _reader = new();
    private readonly List<string> _faults = [];

    /// <summary>Runs all rounds and the count.</summary>
    /// <returns>What is wrong; empty when everything held.</returns>
    public async Task<IReadOnlyList<string>> RunAsync()
    {
        using var data = new TempDirectory("kill9");
        await report.WriteLineAsync($"{rounds} rounds, seed {seed}");
        await report.WriteLineAsync("round  start ms  load ms  acknowledged: remoting     mqtt     http   processed   again");
        await using GatewayProcess gateway = await GatewayProcess.StartAsync(new GatewaySettings { Data = data.Path, Ports = GatewayPorts.Free() });
        await PrepareAsync(gateway);
        for (int round = 1; round <= rounds; round++)
        {
            if (round > 1)
            {
                await gateway.StartAgainAsync();
            }

            await RunRoundAsync(gateway, round);
        }

        await gateway.StartAgainAsync();
        await CountAsync(gateway);
        return _faults;
    }

    private static async Task PrepareAsync(GatewayProcess gateway)
    {
        using RawBroker broker = await RawBroker.ConnectAsync(gateway.Ports.Broker);
        await broker.CreateTopicAsync(Workload.RemotingTopic, Workload.RemotingSenders);
    }

    private async Task RunRoundAsync(GatewayProcess gateway, int round)
    {
        int milliseconds = _random.Next(ShortestMilliseconds, LongestMilliseconds);
        int[] before = Acknowledged();
        Task senders = _workload.RunAsync(gateway, seed + (1000 * round), CancellationToken.None);
        Task reader = _reader.RunAsync(gateway, CancellationToken.None);

        Task first = await Task.WhenAny(Task.Delay(TimeSpan.FromMilliseconds(milliseconds), TimeProvider.System), senders, reader);
        if (first == senders || first == reader)
        {
            _faults.Add($"round {round}: the load ended before the kill{(gateway.HasExited ? ", because the gateway did" : string.Empty)}");
        }

        await gateway.KillAsync();
        await senders.Within("the senders noticed the kill");
        await reader.Within("the consumer noticed the kill");
        int[] after = Acknowledged();
        await report.WriteLineAsync(string.Create(
            CultureInfo.InvariantCulture,
            $"{round,5}  {gateway.StartTime.TotalMilliseconds,8:0}  {milliseconds,7}  {after[0] - before[0],22}  {after[1] - before[1],7}  {after[2] - before[2],7}  {_reader.Processed,10}  {_reader.Again,6}"));
        for (int i = 0; i < after.Length; i++)
        {
            if (after[i] == before[i] && milliseconds > 1000)
            {
                _faults.Add($"round {round}: nothing was acknowledged on {Topics[i]}");
            }
        }
    }

    private int[] Acknowledged()
        => [.. Topics.Select(topic => _workload.Of(topic).Sum(ledger => ledger.Acknowledged))];

    private async Task CountAsync(GatewayProcess gateway)
    {
        using RawBroker broker = await RawBroker.ConnectAsync(gateway.Ports.Broker);
        await DrainAsync(gateway, broker);
        foreach (string topic in Topics)
        {
            Audit audit = await Audit.OfAsync(broker, topic, _workload.Of(topic));
            _faults.AddRange(audit.Faults);
            await report.WriteLineAsync(string.Create(
                CultureInfo.InvariantCulture,
                $"{topic}: {_workload.Of(topic).Sum(ledger => ledger.Acknowledged)} acknowledged, {audit.Present} present, {audit.Unacknowledged} of them without an acknowledgement, {audit.Faults.Count} faults"));
        }

        _faults.AddRange(_reader.Faults);
        await report.WriteLineAsync($"{GroupReader.Group}: {_reader.Processed} processed, {_reader.Again} came again after a restart, {_reader.Faults.Count()} faults");
        foreach (string fault in _faults.Take(50))
        {
            await report.WriteLineAsync($"FAULT {fault}");
        }

        if (_faults.Count > 0)
        {
            await report.WriteLineAsync(string.Join('\n', gateway.Lines.TakeLast(50)));
        }

        await report.WriteLineAsync(_faults.Count == 0 ? "PASSED" : $"FAILED with {_faults.Count} faults");
    }

    private async Task DrainAsync(GatewayProcess gateway, RawBroker broker)
    {
        List<long> ends = [];
        for (int queue = 0; queue < Workload.RemotingSenders; queue++)
        {
            ends.Add((await broker.RangeAsync(Workload.RemotingTopic, queue)).Next);
        }

        using var enough = new CancellationTokenSource();
        Task reader = _reader.RunAsync(gateway, enough.Token);
        using var poll = new PeriodicTimer(TimeSpan.FromMilliseconds(50), TimeProvider.System);
        long begin = TimeProvider.System.GetTimestamp();
        while (!_reader.HasReached(ends) && TimeProvider.System.GetElapsedTime(begin) < Waiting.Patience)
        {
            await poll.WaitForNextTickAsync(CancellationToken.None);
        }

        if (!_reader.HasReached(ends))
        {
            _faults.Add("the group did not reach the end of its queues");
        }

        await enough.CancelAsync();
        await reader.Within("the consumer stopped");
    }
}
