using System.Globalization;
using System.Text;
using ProtoBridgeMQ.Broker.Pop;
using ProtoBridgeMQ.Remoting.Messages;
using ProtoBridgeMQ.Tests.Support;

namespace ProtoBridgeMQ.Tests.Unit.Broker.Pop;

/// <summary>
/// Several consumers pop, acknowledge, give back, extend and die, the broker stops and starts: every message is handled, none is
/// lost, none is given while it is invisible.
/// </summary>
public class PopModel
{
    private const int Messages = 120;

    [Fact]
    public Task Every_message_is_handled_and_none_while_it_is_invisible() => Seeded.RunAsync(async random =>
    {
        await using BrokerBench bench = BrokerBench.Open(options => options.Flush = ProtoBridgeMQ.Store.Durability.FlushMode.Async);
        BrokerClient client = bench.Connect();
        for (int i = 0; i < Messages; i++)
        {
            using (await client.SendAsync("t", i.ToString(CultureInfo.InvariantCulture), queueId: i % 4))
            {
            }
        }

        bench.Core.Groups.Put(bench.Core.Groups.FindOrCreate("g")! with { MaxRetries = 100_000 });
        var model = new History();
        for (int step = 0; model.Done < Messages; step++)
        {
            Assert.True(step < 5_000, $"{Messages - model.Done} messages did not come back");
            switch (random.Next(40))
            {
                case 0:
                    await bench.RestartAsync();
                    break;
                case < 8:
                    bench.Clock.Advance(TimeSpan.FromMilliseconds(random.Next(1, 1_500)));
                    break;
                case < 16:
                    model.Pop(bench, random.Next(1, 33), random.Next(1, 8_000), random.Next(-1, 4));
                    break;
                default:
                    await model.SettleAsync(bench, random);
                    break;
            }
        }

        model.Held.Clear();
        bench.Clock.Advance(TimeSpan.FromSeconds(20));
        model.Pop(bench, 32, 1_000, -1);
        Assert.Empty(model.Held);
    });

    private sealed class History
    {
        private readonly HashSet<string> _done = new(StringComparer.Ordinal);
        private readonly Dictionary<string, long> _invisibleUntil = new(StringComparer.Ordinal);

        public List<Taken> Held { get; } = [];

        public int Done => _done.Count;

        public void Pop(BrokerBench bench, int max, int invisible, int queueId)
        {
            using var answer = new PopAnswer();
            var request = new PopRequest(bench.Core.Topics.Find("t")!, bench.Core.Groups.Find("g")!, queueId, max, invisible) { FromOldest = true };
            if (bench.Core.Pop.Pop(request, answer) != PopStatus.Found)
            {
                return;
            }

            long now = bench.Clock.GetUtcNow().ToUnixTimeMilliseconds();
            Dictionary<string, long> starts = answer.StartOffsets.Text.ToString().Split(';').ToDictionary(
                static entry => entry[..entry.LastIndexOf(' ')], static entry => long.Parse(entry[(entry.LastIndexOf(' ') + 1)..], CultureInfo.InvariantCulture));
            for (int i = 0; i < answer.Count; i++)
            {
                MessageRecord.TryRead(answer[i], out MessageRecord record);
                string id = Encoding.UTF8.GetString(record.Body);
                Assert.False(_done.Contains(id), $"{id} was acknowledged and came again");
                Assert.True(_invisibleUntil.GetValueOrDefault(id) <= now, $"{id} came {_invisibleUntil.GetValueOrDefault(id) - now} ms too early");
                _invisibleUntil[id] = now + invisible;
                bool isRetry = PropertyText.TryGet(record.Properties, "POP_CK"u8, out ReadOnlySpan<byte> handle);
                ReceiptHandle receipt = isRetry
                    ? ReceiptHandle.Parse(Encoding.UTF8.GetString(handle), out _)!.Value
                    : new ReceiptHandle(starts[$"0 {record.QueueId}"], answer.PopTime, invisible, answer.ReviveQueueId);
                Held.Add(new Taken(id, isRetry ? "%RETRY%g_t" : "t", record.QueueId, record.QueueOffset, receipt));
            }
        }

        // A consumer that does nothing with what it has has died.
        public async Task SettleAsync(BrokerBench bench, Random random)
        {
            // Those whose time is over came back, or are about to.
            long now = bench.Clock.GetUtcNow().ToUnixTimeMilliseconds();
            Held.RemoveAll(held => _invisibleUntil[held.Id] <= now || held.Receipt.PopTime + held.Receipt.InvisibleTime <= now);
            if (Held.Count == 0)
            {
                return;
            }

            int index = random.Next(Held.Count);
            Taken taken = Held[index];
            Held.RemoveAt(index);
            int choice = random.Next(10);
            if (choice < 6)
            {
                long[] one = [taken.Offset];
                Assert.Equal(PopSettleStatus.Ok, await bench.Core.Pop.AckAsync("g", taken.Topic, taken.QueueId, taken.Receipt, one));
                _done.Add(taken.Id);
            }
            else if (choice < 9)
            {
                int invisible = random.Next(0, 6_000);
                PopExtension extension = await bench.Core.Pop.ChangeInvisibleAsync("g", taken.Topic, taken.QueueId, taken.Receipt, taken.Offset, invisible);
                Assert.Equal(PopSettleStatus.Ok, extension.Status);
                _invisibleUntil[taken.Id] = now + invisible;
                Held.Add(taken with { Receipt = new ReceiptHandle(taken.Offset, extension.PopTime, extension.InvisibleTime, extension.ReviveQueueId) });
            }
        }
    }

    private sealed record Taken(string Id, string Topic, int QueueId, long Offset, ReceiptHandle Receipt);
}
