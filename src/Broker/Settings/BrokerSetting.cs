using System.ComponentModel.DataAnnotations;
using System.Globalization;

namespace ProtoBridgeMQ.Broker.Settings;

/// <summary>A setting under RocketMQ's name: what it reads, and how it is changed while the broker runs.</summary>
/// <param name="Name">RocketMQ's name of it.</param>
/// <param name="Read">Its value, as RocketMQ writes it.</param>
/// <param name="Option">The option it changes; null when it is fixed while the broker runs.</param>
/// <param name="Parse">The option's value of a text; null when it is none.</param>
internal sealed record BrokerSetting(string Name, Func<BrokerOptions, string> Read, string? Option = null, Func<string, object?>? Parse = null)
{
    /// <summary>Whether it can be changed while the broker runs.</summary>
    public bool IsChangeable => Option is not null;

    /// <summary>Yes or no.</summary>
    public static BrokerSetting Switch(string name, string option, Func<BrokerOptions, bool> read) =>
        new(name, options => read(options) ? "true" : "false", option, static text => bool.TryParse(text, out bool value) ? value : null);

    /// <summary>A whole number.</summary>
    public static BrokerSetting Number(string name, string option, Func<BrokerOptions, int> read) =>
        new(name, options => Text(read(options)), option, static text => int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int value) ? value : null);

    /// <summary>A time in units of so many milliseconds.</summary>
    public static BrokerSetting Time(string name, string option, double unit, Func<BrokerOptions, TimeSpan> read) => new(
        name,
        options => Text((long)(read(options).TotalMilliseconds / unit)),
        option,
        text => long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long value)
            && value is > 0 and < 100_000_000_000 && value * unit < TimeSpan.MaxValue.TotalMilliseconds
            ? TimeSpan.FromMilliseconds(value * unit)
            : null);

    /// <summary>A share, in hundredths.</summary>
    public static BrokerSetting Percent(string name, string option, Func<BrokerOptions, double> read) => new(
        name,
        options => Text((long)Math.Round(read(options) * 100)),
        option,
        static text => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int value) ? value / 100.0 : null);

    /// <summary>One that is fixed while the broker runs.</summary>
    public static BrokerSetting Fixed(string name, Func<BrokerOptions, object?> read) =>
        new(name, options => string.Create(CultureInfo.InvariantCulture, $"{read(options) switch { true => "true", false => "false", object value => value, null => string.Empty }}"));

    /// <summary>Sets the option if the text is a value of it; why not otherwise.</summary>
    public string? TrySet(BrokerOptions options, string text)
    {
        if (Option is null || Parse is null)
        {
            return $"{Name} is fixed while the broker runs";
        }

        object? value = Parse(text.Trim());
        var errors = new List<ValidationResult>();
        if (value is null || !Validator.TryValidateProperty(value, new ValidationContext(options) { MemberName = Option }, errors))
        {
            return $"{Name} cannot be '{text}'";
        }

        typeof(BrokerOptions).GetProperty(Option)!.SetValue(options, value);
        return null;
    }

    private static string Text(long value) => value.ToString(CultureInfo.InvariantCulture);
}
