using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using ProtoBridgeMQ.Gateway.Composition;
using ProtoBridgeMQ.Tests.Support;

namespace ProtoBridgeMQ.Tests.Protocol.Composition;

public sealed class LogLineTests
{
    [Theory]
    [InlineData("a client", "a client")]
    [InlineData("gerät-€-😀", "gerät-€-😀")]
    [InlineData("evil\r\n05:00:00.000 fail: nothing\tof that", "evil  05:00:00.000 fail: nothing of that")]
    [InlineData("\u001b[31mred\u0007\u007f\u009b2J", "\\u001b[31mred\\u0007\\u007f\\u009b2J")]
    [InlineData("a\u2028b\u202Ec\u200F", "a\\u2028b\\u202ec\\u200f")]
    public void What_a_client_is_called_stays_text_of_one_line(string name, string shown)
        => Assert.Equal($"info: here[7] {shown} closed{Environment.NewLine}", Line($"{name} closed", null)[13..]);

    [Fact]
    public void A_long_text_is_cut_and_says_how_long_it_is()
        => Assert.Equal($"info: here[7] {new string('x', LineFormatter.MaximumText)}... (30000 characters){Environment.NewLine}", Line(new string('x', 30_000), null)[13..]);

    [Fact]
    public void An_exception_is_on_the_same_line()
    {
        string line = Line("failed", new InvalidOperationException("first\nsecond"));
        Assert.Matches(@"^\d\d:\d\d:\d\d\.\d\d\d info: here\[7\] failed System\.InvalidOperationException: first second", line);
        Assert.Single(line, '\n');
    }

    private static string Line(string text, Exception? exception)
    {
        using var writer = new StringWriter();
        new LineFormatter(new ManualClock()).Write(
            new LogEntry<string>(LogLevel.Information, "here", new EventId(7), text, exception, static (state, _) => state),
            null,
            writer);
        return writer.ToString();
    }
}
