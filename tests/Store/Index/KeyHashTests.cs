using System.Text;
using ProtoBridgeMQ.Store.Index;

namespace ProtoBridgeMQ.Tests.Store.Index;

/// <summary>The hash that leads to a key's slot.</summary>
public sealed class KeyHashTests
{
    [Theory]
    [InlineData("T_basic", "k1")]
    [InlineData("主题", "钥匙")]
    [InlineData("topic", "\U0001F511")]
    [InlineData("topic", "")]
    public void The_hash_is_that_of_Java_over_topic_and_key(string topic, string key)
    {
        var hash = 0;
        foreach (var unit in $"{topic}#{key}")
            hash = unchecked((31 * hash) + unit);
        Assert.Equal(Math.Abs(hash), KeyHash.Of(KeyHash.OfTopic(Encoding.UTF8.GetBytes(topic)), Encoding.UTF8.GetBytes(key)));
    }

    [Fact]
    public void What_has_no_absolute_value_is_0() => Assert.Equal(0, KeyHash.Of(0, "polygenelubricants"u8));

    [Fact]
    public void Bytes_that_are_no_UTF_8_count_as_Java_decodes_them() =>
        Assert.Equal(KeyHash.Of(0, "a\uFFFDb"u8), KeyHash.Of(0, [(byte)'a', 0xFF, (byte)'b']));
}
