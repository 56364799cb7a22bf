using ProtoBridgeMQ.Broker.StoreTools;
using ProtoBridgeMQ.Store.Recovery;

namespace ProtoBridgeMQ.Tests.Unit.Broker.StoreTools;

/// <summary>The bar of a rebuild: one line that is written over, a whole percent at a time.</summary>
public sealed class RebuildBars
{
    [Fact]
    public void A_bar_grows_by_whole_percents_and_ends_its_line_once()
    {
        using var output = new StringWriter { NewLine = "\n" };
        var bar = new RebuildBar(output);
        for (long position = 1000; position <= 2000; position++)
        {
            bar.Report(new RecoveryProgress(IsRebuild: true, 1000, position, 2000, position * 3));
        }

        string[] shown = output.ToString().Split('\r', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(101, shown.Length);
        Assert.Equal($"Rebuilding [{new string('.', 40)}] 0 %, 3000 queue entries ", shown[0]);
        Assert.Equal($"Rebuilding [{new string('#', 20)}{new string('.', 20)}] 50 %, 4500 queue entries ", shown[50]);
        Assert.Equal($"Rebuilding [{new string('#', 40)}] 100 %, 6000 queue entries \n", shown[100]);
    }

    [Fact]
    public void There_is_none_where_nobody_looks()
    {
        using var output = new StringWriter();
        Assert.Null(RebuildBar.On(output));
    }
}
