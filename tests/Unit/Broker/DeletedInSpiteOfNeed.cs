using System.Diagnostics.Metrics;
using ProtoBridgeMQ.Broker.Pop;
using ProtoBridgeMQ.Remoting.Protocol;
using ProtoBridgeMQ.Remoting.Transport;
using ProtoBridgeMQ.Tests.Support;
using ProtoBridgeMQ.Tests.Unit.Broker.Pop;
using ProtoBridgeMQ.Tests.Unit.Broker.Transactions;
using Half = ProtoBridgeMQ.Tests.Unit.Broker.Transactions.Half;

namespace ProtoBridgeMQ.Tests.Unit.Broker;

/// <summary>Somebody forces the log's head away though the broker needs it: what is gone is told and given up, the rest goes on.</summary>
public class DeletedInSpiteOfNeed
{
    private const int FileSize = 64 * 1024;

    [Fact]
    public async Task A_transaction_whose_half_message_is_gone_is_given_up_and_counted()
    {
        await using BrokerBench bench = TransactionProducer.OpenBench(static options => options.CommitLogFileSize = FileSize);
        using var lost = new Counts(bench.Core.Metrics.Meter, "broker.transactions.lost");
        TransactionProducer producer = await new TransactionProducer(bench).OnlineAsync();
        Half gone = await producer.SendHalfAsync(bench, "t", "gone", "K1");
        await DeleteHeadAsync(bench);
        Half kept = await producer.SendHalfAsync(bench, "t", "kept", "K2");
        await Eventually.True(() => bench.Core.Transactions.Open == 2, "two transactions are open");

        await bench.AdvanceUntil(TimeSpan.FromSeconds(30), () => bench.Core.Transactions.Open == 1, "the one without its half message is given up");
        Assert.Equal(1, lost.Sum);
        Assert.All(producer.Questions, question => Assert.Equal("kept", question.Body));
        using (RemotingResponse late = await producer.EndAsync(gone, TransactionProducer.Commit))
        {
            Assert.NotEqual(ResponseCode.Success, late.Code);
        }

        Assert.Equal(ResponseCode.Success, await producer.EndedAsync(kept, TransactionProducer.Commit));
        await Eventually.True(() => bench.Core.Offsets.Max("t", kept.QueueId) == 1, "the other one is in its topic");
        await bench.RestartAsync();
        Assert.Equal(0, bench.Core.Transactions.Open);
    }

    [Fact]
    public async Task Pops_whose_account_and_messages_are_gone_are_settled_and_the_group_goes_on()
    {
        await using BrokerBench bench = BrokerBench.Open(static options => options.CommitLogFileSize = FileSize);
        BrokerClient client = bench.Connect();
        await client.SendAllAsync("t", "a", "b");
        await Eventually.True(() => bench.Core.Offsets.Max("t", 0) == 2);
        List<PopMessage> popped = await client.TakeAsync("t", invisible: 20_000);
        await DeleteHeadAsync(bench);
        await client.SendAllAsync("t", "c");
        await Eventually.True(() => bench.Core.Offsets.Max("t", 0) == 3);

        Assert.Equal("c", Assert.Single(await client.TakeAsync("t", invisible: 600_000)).Body);
        await client.AckAsync(popped[0]);
        await bench.AdvanceUntil(TimeSpan.FromSeconds(1), () => ((PopConsumers)bench.Core.Pop).Checkpoints == 1, "the pop whose messages are gone is settled");
        Assert.Empty(await client.TryTakeAsync("t"));

        await bench.RestartAsync();
        client = bench.Connect();
        Assert.Empty(await client.TryTakeAsync("t"));
        await client.SendAllAsync("t", "d");
        Assert.Equal("d", Assert.Single(await client.TakeAsync("t")).Body);
    }

    private static async Task DeleteHeadAsync(BrokerBench bench)
    {
        BrokerClient client = bench.Connect();
        string body = new('f', 4000);
        for (int sent = 0; sent < 40; sent++)
        {
            (await client.SendAsync("filler", body)).Dispose();
        }

        await Eventually.True(() => bench.Core.Offsets.Max("filler", 0) == 40, "the filler is dispatched");
        bench.Core.Store.DeleteBefore(bench.Core.Store.Written.Value, force: true);
        Assert.True(bench.Core.Store.MinPhysicalOffset >= 2 * FileSize);
    }

    private sealed class Counts : IDisposable
    {
        private readonly MeterListener _listener = new();
        private long _sum;

        public Counts(Meter meter, string name)
        {
            _listener.InstrumentPublished = (instrument, listener) =>
            {
                if (instrument.Meter == meter && instrument.Name == name)
                {
                    listener.EnableMeasurementEvents(instrument);
                }
            };
            _listener.SetMeasurementEventCallback<long>((_, value, _, _) => Interlocked.Add(ref _sum, value));
            _listener.Start();
        }

        public long Sum => Interlocked.Read(ref _sum);

        public void Dispose() => _listener.Dispose();
    }
}
