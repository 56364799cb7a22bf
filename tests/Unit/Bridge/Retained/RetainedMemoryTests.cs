using System.Text;
using ProtoBridgeMQ.Bridge.Retained;

namespace ProtoBridgeMQ.Tests.Unit.Bridge.Retained;

/// <summary>Looks at the memory of the process, so nothing else runs beside it.</summary>
[CollectionDefinition(nameof(RetainedMemoryTests), DisableParallelization = true)]
[Collection(nameof(RetainedMemoryTests))]
public sealed class RetainedMemoryTests
{
    [Fact]
    public void A_name_takes_the_memory_that_the_documents_say()
    {
        const int Names = 100_000;
        var table = new RetainedTable(new RetainedOptions());
        long before = GC.GetTotalMemory(forceFullCollection: true);
        for (int i = 0; i < Names; i++)
        {
            table.Apply(Encoding.UTF8.GetBytes($"building/{i * 7919L % Names:000000}/room/temperature/x1"), new RetainedEntry(i, 100, 0));
        }

        long each = (GC.GetTotalMemory(forceFullCollection: true) - before) / Names;
        Assert.InRange(each, 60, 150);
        GC.KeepAlive(table);
    }
}
