using System.Globalization;
using ProtoBridgeMQ.Store;
using ProtoBridgeMQ.Store.LightQueues;
using ProtoBridgeMQ.Tests.Support;

namespace ProtoBridgeMQ.Tests.Store.LightQueues;

/// <summary>Counts the heap of the whole process, so nothing else runs meanwhile.</summary>
[CollectionDefinition(nameof(LightQueueMemoryTests), DisableParallelization = true)]
[Collection(nameof(LightQueueMemoryTests))]
public sealed class LightQueueMemoryTests
{
    private const int Queues = 200_000;

    [Fact]
    public async Task A_light_queue_takes_no_more_than_64_bytes_of_heap_and_no_file_of_its_own()
    {
        var directory = Directory.CreateTempSubdirectory("protobridge-light-");
        try
        {
            var options = new StoreOptions { Directory = directory.FullName, SegmentSize = 64 << 20, IndexEnabled = false };
            await using (var store = MessageStore.Open(options, time: new ManualClock()))
            {
                var made = store.LightQueues.Create(Enumerable.Range(0, Queues).Select(i => "sensors/" + i.ToString(CultureInfo.InvariantCulture)), new Ignored(), out var status);
                Assert.Equal((Queues, LightQueueStatus.Done), (made, status));
            }

            var empty = new StoreOptions { Directory = Path.Combine(directory.FullName, "empty"), SegmentSize = 64 << 20, IndexEnabled = false };
            await using var other = MessageStore.Open(empty, time: new ManualClock());
            var before = Heap();
            await using var again = MessageStore.Open(options, time: new ManualClock());
            Assert.Equal(Queues, again.LightQueues.Count);
            Assert.True(again.WriteCheckpoint());
            Assert.InRange((Heap() - before) / Queues, 1, 64);
            Assert.InRange(Directory.GetFiles(Path.Combine(directory.FullName, "lightqueues"), "*", SearchOption.AllDirectories).Length, 1, 40);
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    private static long Heap() => GC.GetTotalMemory(forceFullCollection: true);

    private sealed class Ignored : List<LightQueueId>, ICollection<LightQueueId>
    {
        void ICollection<LightQueueId>.Add(LightQueueId item)
        {
        }
    }
}
